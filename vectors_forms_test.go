package webhookreceiver

// More vectors: forms, second families of headers, and other spellings of keys
// and values.
func init() {
	vectors = append(vectors, []vector{
		{
			provider: "standard_webhooks", by: "svix 1.99.1 and standardwebhooks 1.1.1 for Node, with a secret without padding",
			secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwAA",
			at:     newYear,
			headers: []string{
				"webhook-id", "msg_p5jX",
				"webhook-timestamp", "1767225600",
				"webhook-signature", "v1,ZzRczG/bl0Nh/ueFNrezCcFv0hcTc0k9Ec5QoN03Zf8=",
			},
			body: `{"type":"invoice.paid","data":{"id":"in_1"}}`,
			id:   "msg_p5jX", kind: "invoice.paid", subject: "in_1",
		},
		{
			provider: "shopify", by: "@shopify/shopify-api 13.1.0, as an event",
			secret: "hush",
			headers: []string{
				"Shopify-Hmac-Sha256", "EMgBRPrFNPQGrbLSJ2AEew7xI1wcUUyFMfUB83jyogM=",
				"Shopify-Topic", "Product",
				"Shopify-Webhook-Id", "6f4f0e2c-5a5e-4d0d-9d6a-3c2a1f0e9b11",
				"Shopify-Resource-Id", "gid://shopify/Product/1",
			},
			body: `{"topic":"Product","action":"update","product":{"id":"gid://shopify/Product/1"}}`,
			id:   "6f4f0e2c-5a5e-4d0d-9d6a-3c2a1f0e9b11", kind: "Product", subject: "gid://shopify/Product/1",
		},
		{
			provider: "github", by: "@octokit/webhooks-methods 6.0.0, a form",
			secret: "gh-secret",
			headers: []string{
				"X-Hub-Signature-256", "sha256=ce95ef12e0c0f13f0ca34bc66478994007c127e161213e756660d5f1a45b460e",
				"X-GitHub-Delivery", "72d3162e-cc78-11e3-81ab-4c9367dc0958",
				"X-GitHub-Event", "pull_request",
				"Content-Type", "application/x-www-form-urlencoded",
			},
			body: "payload=%7B%22action%22%3A%22opened%22%2C%22repository%22%3A%7B%22full_name%22%3A%22octocat%2FHello-World%22%7D%2C%22organization%22%3A%7B%22login%22%3A%22octocat%22%7D%7D",
			id:   "72d3162e-cc78-11e3-81ab-4c9367dc0958", kind: "pull_request", subject: "octocat/Hello-World",
		},
		{
			provider: "slack", by: "@slack/bolt 5.1.0, an interaction",
			secret: "slack-secret",
			at:     newYear,
			headers: []string{
				"X-Slack-Signature", "v0=003ecc9dd244df2cd9b390469cf607c840e4736ae5c992a3ac61d0aa8c3120aa",
				"X-Slack-Request-Timestamp", "1767225600",
				"Content-Type", "application/x-www-form-urlencoded",
			},
			body: "payload=%7B%22type%22%3A%22block_actions%22%2C%22team%22%3A%7B%22id%22%3A%22T9TK3CUKW%22%2C%22domain%22%3A%22example%22%7D%2C%22trigger_id%22%3A%2212321423423.333649436676%22%7D",
			kind: "block_actions", subject: "T9TK3CUKW",
		},
		{
			provider: "slack", by: "@slack/bolt 5.1.0, a slash command",
			secret: "slack-secret",
			at:     newYear,
			headers: []string{
				"X-Slack-Signature", "v0=d510cf6c9b39ff2b70bf775266a10bc7576c3aa79bf545f52579af5ef80bcb9e",
				"X-Slack-Request-Timestamp", "1767225600",
				"Content-Type", "application/x-www-form-urlencoded; charset=utf-8",
			},
			body: "token=gIkuvaNzQIHg97ATvDxqgjtO&team_id=T0001&team_domain=example&command=%2Fweather&text=94070&trigger_id=13345224609.738474920.8088930838d88f008e0",
			kind: "/weather", subject: "T0001",
		},
		{
			// As it is without line breaks, which are \n in a Caddyfile's quotes.
			provider: "sendgrid", by: "@sendgrid/eventwebhook 8.0.0, with the key in PEM",
			secret: "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfS\nmpqIM8kF9mN1flpVKS3GRqe62gw+2fNNRaINXvVpiglSI8eNEc6wEA3F+g==\n-----END PUBLIC KEY-----\n",
			at:     1600112502,
			headers: []string{
				"X-Twilio-Email-Event-Webhook-Signature", "MEUCIGHQVtGj+Y3LkG9fLcxf3qfI10QysgDWmMOVmxG0u6ZUAiEAyBiXDWzM+uOe5W0JuG+luQAbPIqHh89M15TluLtEZtM=",
				"X-Twilio-Email-Event-Webhook-Timestamp", "1600112502",
			},
			body: `[{"email":"hello@world.com","event":"dropped","reason":"Bounced Address","sg_event_id":"ZHJvcC0xMDk5NDkxOS1MUnpYbF9OSFN0T0doUTRrb2ZTbV9BLTA","sg_message_id":"LRzXl_NHStOGhQ4kofSm_A.filterdrecv-p3mdw1-756b745b58-kmzbl-18-5F5FC76C-9.0","smtp-id":"<LRzXl_NHStOGhQ4kofSm_A@ismtpd0039p1iad1.sendgrid.net>","timestamp":1600112492}]` + "\r\n",
			kind: "dropped",
		},
		{
			provider: "cloudevents", by: "cloudevents 2.2.0 for Python",
			secret:  "bearer-token",
			headers: []string{"Authorization", "bearer bearer-token", "ce-id", "100%20%25%20%22%C3%A9%22%20%E2%82%AC%20%F0%9F%98%80", "ce-type", "com.example.gr%C3%B6%C3%9Fe", "ce-subject", "a%20b", "ce-specversion", "1.0", "ce-source", "/s", "Content-Type", "text/json"},
			body:    `{"a": 1}`,
			id:      `100 % "é" € 😀`, kind: "com.example.größe", subject: "a b",
		},
		{
			provider: "microsoft_graph", by: byToken + ", in a lifecycle notification",
			secret: "client state",
			body:   `{"value":[{"clientState":"client state","lifecycleEvent":"missed","resource":"me/messages"},{"clientState":"client state"}]}`,
			kind:   "missed", subject: "me/messages",
		},
	}...)
}
