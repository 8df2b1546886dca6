package webhookreceiver

// vector is a request as a provider sends it, whose signature somebody else has
// made or accepted.
type vector struct {
	provider string
	by       string // who made the signature, or accepted it
	secret   string
	at       int64    // when it was signed, Unix time; 0: it says no time
	url      string   // public_url
	target   string   // path and query of the request; "": /webhooks
	headers  []string // names and values
	body     string

	id, kind, subject string // "": a UUID, webhook, and none
}

const (
	byDocuments = "the example in the provider's documents"
	bySpec      = "the example in the specification"
	// Computed with Node's crypto from what the documents say in words, as no
	// example or library of the provider's was to be found.
	byWords = "the words of the provider's documents"
	byToken = "no signature: the secret itself"
)

// Keys of RFC 8032, section 7.1, test 1.
const (
	rfc8032Hex    = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
	rfc8032Base64 = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
)

const newYear = 1767225600 // 2026-01-01T00:00:00Z

// vectors has at least one for every provider that signs.
var vectors = []vector{
	{
		provider: "github", by: "@octokit/webhooks-methods 6.0.0",
		secret: "gh-secret",
		headers: []string{
			"X-Hub-Signature-256", "sha256=0b669a255746189b2ca513ac37973df8d545e517fd02d551805e350b15266aec",
			"X-GitHub-Delivery", "72d3162e-cc78-11e3-81ab-4c9367dc0958",
			"X-GitHub-Event", "ping",
		},
		body: `{"zen":"Design for failure.","repository":{"full_name":"octocat/Hello-World"}}`,
		id:   "72d3162e-cc78-11e3-81ab-4c9367dc0958", kind: "ping", subject: "octocat/Hello-World",
	},
	{
		provider: "github", by: byDocuments,
		secret:  "It's a Secret to Everybody",
		headers: []string{"X-Hub-Signature-256", "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"},
		body:    "Hello, World!",
	},
	{
		provider: "meta", by: byWords,
		secret:  "app-secret",
		headers: []string{"X-Hub-Signature-256", "sha256=4e3f8662e74bc83a3ff8ec948ffc1c0f64a9932c4fb96e18ab4c6b90b10df94b"},
		body:    `{"object":"page","entry":[{"id":"0","time":1}]}`,
		kind:    "page", subject: "0",
	},
	{
		provider: "standard_webhooks", by: "the test of standard-webhooks' libraries, and of Svix's",
		secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
		at:     1614265330,
		headers: []string{
			"webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek",
			"webhook-timestamp", "1614265330",
			"webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
		},
		body: `{"test": 2432232314}`,
		id:   "msg_p5jXN8AQM9LWM0D4loKWxJek",
	},
	{
		provider: "standard_webhooks", by: "the same, with Svix's headers, in a list, and without the prefix of the secret",
		secret: "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
		at:     1614265330,
		headers: []string{
			"svix-id", "msg_p5jXN8AQM9LWM0D4loKWxJek",
			"svix-timestamp", "1614265330",
			"svix-signature", "v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc= v1a,AAAA v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE= v2,AAAA",
		},
		body: `{"test": 2432232314}`,
		id:   "msg_p5jXN8AQM9LWM0D4loKWxJek",
	},
	{
		provider: "stripe", by: "stripe-go 81.4.0",
		secret: "whsec_test_secret",
		at:     newYear,
		headers: []string{
			"Stripe-Signature", "t=1767225600,v1=7af2de55b9f6059231e5a16bdb1134595cd3070cd52d197de2cc6a21504236a3",
		},
		body: `{"id":"evt_1","object":"event","type":"charge.succeeded","data":{"object":{"id":"ch_1"}}}`,
		id:   "evt_1", kind: "charge.succeeded", subject: "ch_1",
	},
	{
		provider: "slack", by: "the test of slack-go 0.35.0",
		secret: "e6b19c573432dcc6b075501d51b51bb8",
		at:     1531431954,
		headers: []string{
			"X-Slack-Signature", "v0=adada4ed31709aef585c2580ca3267678c6a8eaeb7e0c1aca3ee57b656886b2c",
			"X-Slack-Request-Timestamp", "1531431954",
		},
		body: `{"token":"aF5ynEYQH0dFN9imlgcADxDB","team_id":"XXXXXXXXX","api_app_id":"YYYYYYYYY","event":{"type":"app_mention","user":"AAAAAAAAA","text":"<@EEEEEEEEE> hello world","client_msg_id":"477cc591-ch73-a14z-4db8-g0cd76321bec","ts":"1531431954.000073","channel":"TTTTTTTTT","event_ts":"1531431954.000073"},"type":"event_callback","event_id":"TvBP7LRED7","event_time":1531431954,"authed_users":["EEEEEEEEE"]}`,
		id:   "TvBP7LRED7", kind: "app_mention", subject: "XXXXXXXXX",
	},
	{
		provider: "zoom", by: byWords,
		secret: "zoom-secret",
		at:     newYear,
		headers: []string{
			"x-zm-signature", "v0=3099e04dbe8ecf0c67d6705702c1f4fd4ef39f0bf4307dcd255a5efb1267258c",
			"x-zm-request-timestamp", "1767225600",
		},
		body: `{"event":"meeting.started","payload":{"object":{"id":"123"}}}`,
		kind: "meeting.started", subject: "123",
	},
	{
		provider: "x", by: byWords,
		secret:  "x-secret",
		headers: []string{"x-twitter-webhooks-signature", "sha256=8RrkyospnQ7g4vsnndConF35weZqxhoNhthovjw+SnA="},
		body:    `{"for_user_id":"2244994945"}`,
		subject: "2244994945",
	},
	{
		provider: "linkedin", by: byWords,
		secret:  "li-secret",
		headers: []string{"X-LI-Signature", "f56f69894bb34118a705416fcdaa16365d58765500f6743154cdbf7121082746"},
		body:    `{"type":"ORGANIZATION_SOCIAL_ACTION_NOTIFICATIONS"}`,
		kind:    "ORGANIZATION_SOCIAL_ACTION_NOTIFICATIONS",
	},
	{
		provider: "dropbox", by: byWords,
		secret:  "db-secret",
		headers: []string{"X-Dropbox-Signature", "1b7167d0fffa1a27092e8ae4fb3f68037fb1224e1f0628ccfa8f215ef44237d3"},
		body:    `{"list_folder":{"accounts":["dbid:AAH4f99T0taONIb-OurWxbNQ6ywGRopQngc"]},"delta":{"users":[12345678]}}`,
	},
	{
		provider: "nylas", by: byWords,
		secret:  "ny-secret",
		headers: []string{"x-nylas-signature", "0a61a1729cbcb932939c3abe9dd7d17e25c57a4c526b8112fdcc4c53eae86491"},
		body:    `{"specversion":"1.0","type":"message.created","id":"ny1","data":{"object":{"id":"m1"}}}`,
		id:      "ny1", kind: "message.created", subject: "m1",
	},
	{
		provider: "twitch", by: byWords,
		secret: "s3cRe7s3cRe7",
		at:     newYear,
		headers: []string{
			"Twitch-Eventsub-Message-Id", "e76c6bd4-55c9-4987-8304-da1588d8988b",
			"Twitch-Eventsub-Message-Timestamp", "2026-01-01T00:00:00.123456789Z",
			"Twitch-Eventsub-Message-Type", "notification",
			"Twitch-Eventsub-Message-Signature", "sha256=54c7ebcc477b114f2934b8db33544ea92397713c19975d327e58a50a78d8e980",
		},
		body: `{"subscription":{"type":"channel.follow"},"event":{"broadcaster_user_id":"1337"}}`,
		id:   "e76c6bd4-55c9-4987-8304-da1588d8988b", kind: "channel.follow", subject: "1337",
	},
	{
		provider: "trello", by: byWords,
		secret:  "trello-secret",
		url:     "https://hooks.example.com/trello",
		headers: []string{"X-Trello-Webhook", "uKMMF4J4O6IjTGbtBB+i+jSOfP0="},
		body:    `{"action":{"id":"51f9424bcd6e040f3c002412","type":"updateCard"},"model":{"id":"4d5ea62fd76aa1136000000c"}}`,
		id:      "51f9424bcd6e040f3c002412", kind: "updateCard", subject: "4d5ea62fd76aa1136000000c",
	},
	{
		provider: "shopify", by: "@shopify/shopify-api 13.1.0",
		secret: "hush",
		headers: []string{
			"X-Shopify-Hmac-SHA256", "qBvrsZF7RfB1iS6BX6IHqJTp5L911P7intnPeTPsH0I=",
			"X-Shopify-Topic", "orders/create",
			"X-Shopify-Webhook-Id", "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043",
		},
		body: `{"id":820982911946154508}`,
		id:   "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043", kind: "orders/create", subject: "820982911946154508",
	},
	{
		provider: "linear", by: "@linear/sdk 98.0.0",
		secret: "lin_wh_secret",
		at:     newYear,
		headers: []string{
			"Linear-Signature", "e6e18aed508454dc5c12450b5e8bb09b85ba9789f5e97a177fe97ae1f51f6cfd",
			"Linear-Delivery", "234d1a4e-b617-4388-90fe-adc3633d6b72",
		},
		body: `{"action":"create","type":"Issue","data":{"id":"2174add1-f7c8-44e3-bbf3-2d60b5ea8bc9"},"webhookTimestamp":1767225600000}`,
		id:   "234d1a4e-b617-4388-90fe-adc3633d6b72", kind: "Issue", subject: "2174add1-f7c8-44e3-bbf3-2d60b5ea8bc9",
	},
	{
		provider: "xero", by: byWords,
		secret:  "xero-key",
		headers: []string{"x-xero-signature", "tLm9ka/XQyvHySA0OzOTW5+CZY1uJm058kZFXiiMUag="},
		body:    `{"events":[],"firstEventSequence":0,"lastEventSequence":0,"entropy":"S0m3r4Nd0mt3xt"}`,
	},
	{
		provider: "square", by: "the example in the provider's documents, and square 46.0.0 for Node",
		secret:  "asdf1234",
		url:     "https://example.com/webhook",
		headers: []string{"x-square-hmacsha256-signature", "2kRE5qRU2tR+tBGlDwMEw2avJ7QM4ikPYD/PJ3bd9Og="},
		body:    `{"hello":"world"}`,
	},
	{
		provider: "hubspot", by: "@hubspot/api-client 13.5.0",
		secret: "hubspot-client-secret",
		at:     newYear,
		url:    "https://hooks.example.com/hubspot?a=b",
		headers: []string{
			"X-HubSpot-Signature-v3", "7PDZHvaq46Up5VhJ66Fdq3uj4lPOkMfxxX+O0wP60zQ=",
			"X-HubSpot-Request-Timestamp", "1767225600000",
		},
		body: `[{"eventId":1,"subscriptionType":"contact.creation","objectId":123}]`,
		kind: "contact.creation", subject: "123",
	},
	{
		provider: "box", by: "the test of Box's libraries, primary key",
		secret: "SamplePrimaryKey",
		at:     1577862000,
		headers: []string{
			"BOX-DELIVERY-TIMESTAMP", "2020-01-01T00:00:00-07:00",
			"BOX-SIGNATURE-PRIMARY", "6TfeAW3A1PASkgboxxA5yqHNKOwFyMWuEXny/FPD5hI=",
			"BOX-SIGNATURE-SECONDARY", "v+1CD1Jdo3muIcbpv5lxxgPglOqMfsNHPV899xWYydo=",
		},
		body: `{"type":"webhook_event","webhook":{"id":"1234567890"},"trigger":"FILE.UPLOADED","source":{"id":"1234567890","type":"file","name":"Test.txt"}}`,
		kind: "FILE.UPLOADED", subject: "1234567890",
	},
	{
		provider: "box", by: "the test of Box's libraries, secondary key",
		secret: "SampleSecondaryKey",
		at:     1577862000,
		headers: []string{
			"BOX-DELIVERY-TIMESTAMP", "2020-01-01T00:00:00-07:00",
			"BOX-SIGNATURE-PRIMARY", "6TfeAW3A1PASkgboxxA5yqHNKOwFyMWuEXny/FPD5hI=",
			"BOX-SIGNATURE-SECONDARY", "v+1CD1Jdo3muIcbpv5lxxgPglOqMfsNHPV899xWYydo=",
		},
		body: `{"type":"webhook_event","webhook":{"id":"1234567890"},"trigger":"FILE.UPLOADED","source":{"id":"1234567890","type":"file","name":"Test.txt"}}`,
		kind: "FILE.UPLOADED", subject: "1234567890",
	},
	{
		provider: "paddle", by: "@paddle/paddle-node-sdk 3.10.0",
		secret:  "pdl_ntfset_secret",
		at:      newYear,
		headers: []string{"Paddle-Signature", "ts=1767225600;h1=6e63391e91e58b6cf6407255b80c20b1f1e7ffa2347381a4f9ab7d8490d10b87"},
		body:    `{"event_id":"evt_01","event_type":"transaction.completed","data":{"id":"txn_01"}}`,
		id:      "evt_01", kind: "transaction.completed", subject: "txn_01",
	},
	{
		provider: "twilio", by: "the example in the provider's documents, and twilio 6.2.0 for Node",
		secret: "12345",
		url:    "https://mycompany.com/myapp.php?foo=1&bar=2",
		headers: []string{
			"X-Twilio-Signature", "RSOYDt4T1cUTdK1PDd93/VVr8B8=",
			"I-Twilio-Idempotency-Token", "d9dd8c6a-1e2d-4a3f-8ad5-0c8f3e5b8a11",
			"Content-Type", "application/x-www-form-urlencoded",
		},
		body: "To=%2B18005551212&CallSid=CA1234567890ABCDE&Caller=%2B14158675309&Digits=1234&From=%2B14158675309",
		id:   "d9dd8c6a-1e2d-4a3f-8ad5-0c8f3e5b8a11",
	},
	{
		provider: "twilio", by: "twilio 9.13.0 for Python and 6.2.0 for Node, with a field several times",
		secret: "12345",
		url:    "https://mycompany.com",
		target: "/myapp.php?foo=1&bar=2",
		headers: []string{
			"X-Twilio-Signature", "h+e41smeDGV+GStfx+x0e4s177A=",
			"Content-Type", "application/x-www-form-urlencoded",
		},
		body: `A=2&A=1&A=1&B=&C=x`,
	},
	{
		provider: "twilio", by: "twilio 9.13.0 for Python and 6.2.0 for Node, JSON, and the example in the provider's documents",
		secret: "12345",
		url:    "https://mycompany.com",
		target: "/myapp.php?foo=1&bar=2&bodySHA256=0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620",
		headers: []string{
			"X-Twilio-Signature", "a9nBmqA0ju/hNViExpshrM61xv4=",
			"Content-Type", "application/json",
		},
		body: `{"property": "value", "boolean": true}`,
	},
	{
		provider: "twilio", by: "twilio 9.13.0 for Python and 6.2.0 for Node, JSON with a public_url for all",
		secret: "12345",
		url:    "https://mycompany.com/myapp.php?foo=1&bar=2",
		target: "/myapp.php?foo=1&bar=2&bodySHA256=0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620",
		headers: []string{
			"X-Twilio-Signature", "a9nBmqA0ju/hNViExpshrM61xv4=",
			"Content-Type", "application/json",
		},
		body: `{"property": "value", "boolean": true}`,
	},
	{
		provider: "twilio", by: "twilio 9.13.0 for Python, HMAC-SHA256",
		secret: "12345",
		url:    "https://mycompany.com",
		target: "/myapp.php?foo=1&bar=2",
		headers: []string{
			"X-Twilio-Signature", "opA1bF/e0LRjl2ZesIdEFta1k9tbHOcloxjxEYutyzA=",
			"X-Twilio-Webhooks-Signature-Settings", "key=webhooks_sharedkey_1,algorithm=HMAC_SHA256",
			"Content-Type", "application/x-www-form-urlencoded",
		},
		body: `CallSid=CA1234567890ABCDE&Digits=1234`,
	},
	{
		provider: "twilio", by: "twilio 9.13.0 for Python and 6.2.0 for Node, with the port",
		secret: "12345",
		url:    "https://mycompany.com",
		target: "/myapp.php?foo=1&bar=2",
		headers: []string{
			"X-Twilio-Signature", "5nHHtMuhI9wOSzIjrR5qpHKLEus=",
			"Content-Type", "application/x-www-form-urlencoded",
		},
		body: `CallSid=CA1234567890ABCDE&Digits=1234`,
	},
	{
		provider: "twilio", by: "twilio 9.13.0 for Python and 6.2.0 for Node, with user and password",
		secret: "12345",
		url:    "https://user:pass@mycompany.com",
		target: "/myapp.php?foo=1&bar=2",
		headers: []string{
			"X-Twilio-Signature", "utsYKpwPMxwZKVZV8yuU30TJ5Tw=",
			"Content-Type", "application/x-www-form-urlencoded",
		},
		body: `CallSid=CA1234567890ABCDE&Digits=1234`,
	},
	{
		provider: "twilio", by: "twilio 9.13.0 for Python, sorted by characters",
		secret: "12345",
		url:    "https://mycompany.com",
		target: "/myapp.php?foo=1&bar=2",
		headers: []string{
			"X-Twilio-Signature", "BIz3gz6iytZjS1mEid9G8Yscv8c=",
			"Content-Type", "application/x-www-form-urlencoded",
		},
		body: `%EE%80%80=1&%F0%90%80%80=2`,
	},
	{
		provider: "twilio", by: "twilio 6.2.0 for Node, sorted by UTF-16",
		secret: "12345",
		url:    "https://mycompany.com",
		target: "/myapp.php?foo=1&bar=2",
		headers: []string{
			"X-Twilio-Signature", "lMUfK806HsYy2XwaxQxZ/iIkQD0=",
			"Content-Type", "application/x-www-form-urlencoded",
		},
		body: `%EE%80%80=1&%F0%90%80%80=2`,
	},
	{
		provider: "discord", by: "discord-interactions 4.4.0",
		secret: rfc8032Hex,
		at:     newYear,
		headers: []string{
			"X-Signature-Ed25519", "7e677111409b00154802fc33464dd638abe0549a0c6e7d0065fdd2527cc24354bff9dbfd69bcd98eb6266f5a8cfdf78ff243156a8514a546d1cdf08adc669803",
			"X-Signature-Timestamp", "1767225600",
		},
		body: `{"version":1,"application_id":"1234560123453231555","type":1,"event":{"type":"APPLICATION_AUTHORIZED","timestamp":"2024-10-18T14:42:53.064834","data":{}}}`,
		kind: "APPLICATION_AUTHORIZED", subject: "1234560123453231555",
	},
	{
		provider: "telnyx", by: "telnyx 7.24.0 for Node",
		secret: rfc8032Base64,
		at:     newYear,
		headers: []string{
			"telnyx-signature-ed25519", "we6Sn38E0IKcYfjIWULVgPSRNXLYzHc0lfYS4hEWk6FLkcx19Am2oSKYvRTcy5gsXWm4YuOAm3Qyh5yH/BZ+Bw==",
			"telnyx-timestamp", "1767225600",
		},
		body: `{"data":{"event_type":"message.received","id":"b301ed3f-1490-491f-995f-6e64e69674d4","payload":{"id":"84cca175-9755-4859-b67f-4730d7f58aa3"},"record_type":"event"}}`,
		id:   "b301ed3f-1490-491f-995f-6e64e69674d4", kind: "message.received", subject: "84cca175-9755-4859-b67f-4730d7f58aa3",
	},
	{
		provider: "sendgrid", by: "the test of sendgrid-go 3.16.1",
		secret: "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpVKS3GRqe62gw+2fNNRaINXvVpiglSI8eNEc6wEA3F+g==",
		at:     1600112502,
		headers: []string{
			"X-Twilio-Email-Event-Webhook-Signature", "MEUCIGHQVtGj+Y3LkG9fLcxf3qfI10QysgDWmMOVmxG0u6ZUAiEAyBiXDWzM+uOe5W0JuG+luQAbPIqHh89M15TluLtEZtM=",
			"X-Twilio-Email-Event-Webhook-Timestamp", "1600112502",
		},
		body: `[{"email":"hello@world.com","event":"dropped","reason":"Bounced Address","sg_event_id":"ZHJvcC0xMDk5NDkxOS1MUnpYbF9OSFN0T0doUTRrb2ZTbV9BLTA","sg_message_id":"LRzXl_NHStOGhQ4kofSm_A.filterdrecv-p3mdw1-756b745b58-kmzbl-18-5F5FC76C-9.0","smtp-id":"<LRzXl_NHStOGhQ4kofSm_A@ismtpd0039p1iad1.sendgrid.net>","timestamp":1600112492}]` + "\r\n",
		kind: "dropped",
	},
	{
		provider: "gitlab", by: byToken,
		secret: "gl token",
		headers: []string{
			"X-Gitlab-Token", "gl token",
			"X-Gitlab-Event", "Push Hook",
			"Idempotency-Key", "f5e5f430-f57b-4e6e-9fac-d9128cd7232f",
		},
		body: `{"object_kind":"push","project":{"path_with_namespace":"mike/diaspora"}}`,
		id:   "f5e5f430-f57b-4e6e-9fac-d9128cd7232f", kind: "Push Hook", subject: "mike/diaspora",
	},
	{
		provider: "okta", by: byToken,
		secret:  "an okta secret",
		headers: []string{"Authorization", "an okta secret"},
		body:    `{"eventType":"com.okta.event_hook","eventId":"b5a188b9","data":{"events":[{"eventType":"user.lifecycle.create"}]}}`,
		id:      "b5a188b9", kind: "user.lifecycle.create",
	},
	{
		provider: "cloudevents", by: byToken,
		secret:  "bearer-token",
		headers: []string{"Authorization", "Bearer bearer-token", "ce-id", "A234", "ce-type", "com.example.someevent", "ce-subject", "123", "ce-specversion", "1.0", "ce-source", "/mycontext"},
		body:    `{"id":"of the data"}`,
		id:      "A234", kind: "com.example.someevent", subject: "123",
	},
	{
		provider: "cloudevents", by: byToken,
		secret:  "bearer-token",
		headers: []string{"Authorization", "Bearer bearer-token", "Content-Type", "application/cloudevents+json"},
		body:    `{"specversion":"1.0","id":"A234","type":"com.example.someevent","source":"/mycontext","data":{}}`,
		id:      "A234", kind: "com.example.someevent",
	},
	{
		provider: "microsoft_graph", by: byToken,
		secret: "client state",
		body:   `{"value":[{"clientState":"client state","changeType":"created","resource":"me/messages/1"},{"clientState":"client state"}]}`,
		kind:   "created", subject: "me/messages/1",
	},
	{
		provider: "adobe_sign", by: byToken,
		secret:  "client-id",
		headers: []string{"X-AdobeSign-ClientId", "client-id"},
		body:    `{"webhookNotificationId":"n1","event":"AGREEMENT_CREATED","agreement":{"id":"a1"}}`,
		id:      "n1", kind: "AGREEMENT_CREATED", subject: "a1",
	},
}
