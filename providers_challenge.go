package webhookreceiver

import (
	"time"

	"github.com/caddyserver/caddy/v2"
)

// providersChallenge are services that sign their events with an HMAC and
// verify the endpoint with a challenge.
var providersChallenge = []provider{
	{
		name:  "meta",
		title: "Meta (Facebook, Instagram, Messenger, WhatsApp)",
		docs:  "https://developers.facebook.com/docs/graph-api/webhooks/getting-started",
		verification: &Verification{
			Match:     map[Source]string{"query:hub.mode": "subscribe"},
			Challenge: "query:hub.challenge",
			Token:     "query:hub.verify_token",
		},
		signature: &Signature{Algorithm: hmacSHA256, From: []Source{"header:X-Hub-Signature-256"}, Prefix: "sha256="},
		event:     EventRules{Type: []Source{"body:object"}, Subject: []Source{"body:entry.0.id"}},
		token:     "the *verify token* of the webhook",
		secret:    "the *app secret*",
		timeout:   8 * time.Second,
	},
	{
		name:  "slack",
		title: "Slack Events API",
		docs:  "https://docs.slack.dev/authentication/verifying-requests-from-slack",
		note:  "Slash commands and interactions, which come as forms, are answered with nothing and stored as they were sent.",
		verification: &Verification{
			Method:    "POST",
			Match:     map[Source]string{"body:type": "url_verification"},
			Signed:    true,
			Challenge: "body:challenge",
		},
		signature: &Signature{
			Algorithm: hmacSHA256,
			From:      []Source{"header:X-Slack-Signature"},
			Prefix:    "v0=",
			Content:   "v0:{timestamp}:{body}",
			Timestamp: []Source{"header:X-Slack-Request-Timestamp"},
		},
		event: EventRules{
			ID:      []Source{"body:event_id"},
			Type:    []Source{"body:event.type", "body:type", "form:payload.type", "form:command"},
			Subject: []Source{"body:team_id", "form:payload.team.id", "form:team_id"},
		},
		accept:   acceptAny,
		secret:   "the *signing secret* of the app",
		timeout:  2500 * time.Millisecond,
		patience: 3 * time.Second,
	},
	{
		name:  "zoom",
		title: "Zoom",
		docs:  "https://developers.zoom.us/docs/api/webhooks/",
		verification: &Verification{
			Method:      "POST",
			Match:       map[Source]string{"body:event": "endpoint.url_validation"},
			Signed:      true,
			Challenge:   "body:payload.plainToken",
			HMAC:        encodingHex,
			ContentType: contentTypeJSON,
			Body:        `{"plainToken":"{challenge}","encryptedToken":"{hmac}"}`,
		},
		signature: &Signature{
			Algorithm: hmacSHA256,
			From:      []Source{"header:x-zm-signature"},
			Prefix:    "v0=",
			Content:   "v0:{timestamp}:{body}",
			Timestamp: []Source{"header:x-zm-request-timestamp"},
			// The third repeat comes 85 minutes after the event; neither documents nor
			// library (Rivet 0.4.0) say or check when it was signed.
			Tolerance: caddy.Duration(2 * time.Hour),
		},
		event:    EventRules{Type: []Source{"body:event"}, Subject: []Source{"body:payload.object.id"}},
		secret:   "the *secret token* of the app",
		timeout:  2500 * time.Millisecond,
		patience: 3 * time.Second,
	},
	{
		name:  "x",
		title: "X (Twitter)",
		docs:  "https://docs.x.com/x-api/webhooks/introduction",
		verification: &Verification{
			Challenge:   "query:crc_token",
			HMAC:        encodingBase64,
			ContentType: contentTypeJSON,
			Body:        `{"response_token":"sha256={hmac}"}`,
		},
		signature: &Signature{Algorithm: hmacSHA256, From: []Source{"header:x-twitter-webhooks-signature"}, Prefix: "sha256=", Encoding: encodingBase64},
		event:     EventRules{Subject: []Source{"body:for_user_id"}},
		secret:    "the *consumer secret* of the app",
		timeout:   2500 * time.Millisecond,
		patience:  3 * time.Second,
	},
	{
		name:  "linkedin",
		title: "LinkedIn",
		docs:  "https://learn.microsoft.com/en-us/linkedin/shared/api-guide/webhook-validation",
		verification: &Verification{
			Challenge:   "query:challengeCode",
			HMAC:        encodingHex,
			ContentType: contentTypeJSON,
			Body:        `{"challengeCode":"{challenge}","challengeResponse":"{hmac}"}`,
		},
		signature: &Signature{Algorithm: hmacSHA256, From: []Source{"header:X-LI-Signature"}, Content: "hmacsha256={body}"},
		event:     EventRules{Type: []Source{"body:type"}},
		secret:    "the *client secret* of the app",
		timeout:   2500 * time.Millisecond,
		patience:  3 * time.Second,
	},
	{
		name:         "dropbox",
		title:        "Dropbox",
		docs:         "https://www.dropbox.com/developers/reference/webhooks",
		verification: &Verification{Challenge: "query:challenge"},
		signature:    &Signature{Algorithm: hmacSHA256, From: []Source{"header:X-Dropbox-Signature"}},
		secret:       "the *app secret*",
		timeout:      8 * time.Second,
		patience:     10 * time.Second,
	},
	{
		// Bodies may be compressed.
		name:         "nylas",
		title:        "Nylas v3",
		docs:         "https://developer.nylas.com/docs/v3/notifications/",
		verification: &Verification{Challenge: "query:challenge"},
		signature:    &Signature{Algorithm: hmacSHA256, From: []Source{"header:x-nylas-signature"}},
		event:        EventRules{ID: []Source{"body:id"}, Type: []Source{"body:type"}, Subject: []Source{"body:data.object.id"}},
		secret:       "the *webhook secret* that Nylas generates",
		timeout:      8 * time.Second,
		patience:     10 * time.Second,
	},
	{
		name:  "twitch",
		title: "Twitch EventSub",
		docs:  "https://dev.twitch.tv/docs/eventsub/handling-webhook-events/",
		verification: &Verification{
			Method:    "POST",
			Match:     map[Source]string{"header:Twitch-Eventsub-Message-Type": "webhook_callback_verification"},
			Signed:    true,
			Challenge: "body:challenge",
		},
		signature: &Signature{
			Algorithm:       hmacSHA256,
			From:            []Source{"header:Twitch-Eventsub-Message-Signature"},
			Prefix:          "sha256=",
			Content:         "{id}{timestamp}{body}",
			ID:              []Source{"header:Twitch-Eventsub-Message-Id"},
			Timestamp:       []Source{"header:Twitch-Eventsub-Message-Timestamp"},
			TimestampFormat: timestampRFC3339,
			Tolerance:       caddy.Duration(10 * time.Minute),
		},
		event: EventRules{
			ID:      []Source{"header:Twitch-Eventsub-Message-Id"},
			Type:    []Source{"body:subscription.type"},
			Subject: []Source{"body:event.broadcaster_user_id"},
		},
		secret:  "the `secret` of the subscription",
		timeout: 4 * time.Second,
	},
	{
		name:         "trello",
		title:        "Trello",
		docs:         "https://developer.atlassian.com/cloud/trello/guides/rest-api/webhooks/",
		note:         "Signs the URL: behind another proxy `public_url` must be the webhook's `callbackURL`, or its scheme and host.",
		verification: &Verification{Method: "HEAD"},
		signature:    &Signature{Algorithm: hmacSHA1, From: []Source{"header:X-Trello-Webhook"}, Encoding: encodingBase64, Content: "{body}{url}"},
		event:        EventRules{ID: []Source{"body:action.id"}, Type: []Source{"body:action.type"}, Subject: []Source{"body:model.id"}},
		secret:       "the *secret* of the app (not a token)",
	},
}
