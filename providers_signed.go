package webhookreceiver

import (
	"time"

	"github.com/caddyserver/caddy/v2"
)

// providersSigned are services that sign their events with an HMAC and don't
// verify the endpoint.
var providersSigned = []provider{
	{
		name:      "github",
		title:     "GitHub",
		docs:      "https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries",
		note:      "The content type is better `application/json`: a form is stored as it was sent, a text that begins with `payload=`. Type and id are in headers, which are not signed.",
		signature: &Signature{Algorithm: hmacSHA256, From: []Source{"header:X-Hub-Signature-256"}, Prefix: "sha256="},
		event: EventRules{
			ID:   []Source{"header:X-GitHub-Delivery"},
			Type: []Source{"header:X-GitHub-Event"},
			Subject: []Source{
				"body:repository.full_name", "form:payload.repository.full_name",
				"body:organization.login", "form:payload.organization.login",
			},
		},
		accept:      acceptAny,
		secret:      "the *secret* of the webhook",
		maxBodySize: 25 << 20,
		timeout:     8 * time.Second,
		patience:    10 * time.Second,
	},
	{
		name:  "standard_webhooks",
		title: "Standard Webhooks (Svix, Clerk, Resend, OpenAI, Replicate, GitLab's signing token and others)",
		docs:  "https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md",
		note: "Signatures `v1`, with headers `webhook-…` or `svix-…`. Where both are there, each is checked by itself, " +
			"and the id is that of the one whose signature is right.",
		signature: &Signature{
			Algorithm:   hmacSHA256,
			From:        []Source{"header:webhook-signature", "header:svix-signature"},
			Separator:   " ",
			Prefix:      "v1,",
			Encoding:    encodingBase64,
			KeyEncoding: encodingBase64,
			KeyPrefix:   "whsec_",
			Content:     "{id}.{timestamp}.{body}",
			ID:          []Source{"header:webhook-id", "header:svix-id"},
			Timestamp:   []Source{"header:webhook-timestamp", "header:svix-timestamp"},
		},
		event: EventRules{
			ID:      []Source{"header:webhook-id", "header:svix-id"},
			Type:    []Source{"body:type"},
			Subject: []Source{"body:data.id"},
		},
		secret: "the *signing secret*, `whsec_…`",
	},
	{
		name:  "stripe",
		title: "Stripe",
		docs:  "https://docs.stripe.com/webhooks/signature",
		signature: &Signature{
			Algorithm: hmacSHA256,
			From:      []Source{"header:Stripe-Signature"},
			Separator: ",",
			Prefix:    "v1=",
			Content:   "{timestamp}.{body}",
			Timestamp: []Source{"signature:t="},
		},
		event:   EventRules{ID: []Source{"body:id"}, Type: []Source{"body:type"}, Subject: []Source{"body:data.object.id"}},
		secret:  "the *signing secret* of the endpoint, `whsec_…`",
		timeout: 8 * time.Second,
	},
	{
		name:  "shopify",
		title: "Shopify",
		docs:  "https://shopify.dev/docs/apps/build/webhooks/subscribe/https",
		note:  "Webhooks (headers `X-Shopify-…`) and events (`Shopify-…`). Type and id are in headers, which are not signed.",
		signature: &Signature{
			Algorithm: hmacSHA256,
			From:      []Source{"header:Shopify-Hmac-SHA256", "header:X-Shopify-Hmac-SHA256"},
			Encoding:  encodingBase64,
		},
		event: EventRules{
			ID:      []Source{"header:Shopify-Webhook-Id", "header:X-Shopify-Webhook-Id"},
			Type:    []Source{"header:Shopify-Topic", "header:X-Shopify-Topic"},
			Subject: []Source{"body:id", "header:Shopify-Resource-Id"},
		},
		secret:   "the *client secret* of the app",
		timeout:  4 * time.Second,
		patience: 5 * time.Second,
	},
	{
		name:  "linear",
		title: "Linear",
		docs:  "https://linear.app/developers/webhooks",
		note:  "The id is in a header, which is not signed.",
		signature: &Signature{
			Algorithm:       hmacSHA256,
			From:            []Source{"header:Linear-Signature"},
			Timestamp:       []Source{"body:webhookTimestamp"},
			TimestampFormat: timestampUnixMilli,
			Tolerance:       caddy.Duration(time.Minute),
		},
		event:    EventRules{ID: []Source{"header:Linear-Delivery"}, Type: []Source{"body:type"}, Subject: []Source{"body:data.id"}},
		secret:   "the *signing secret* of the webhook",
		timeout:  4 * time.Second,
		patience: 5 * time.Second,
	},
	{
		// What Xero sends to see whether signatures are checked is an event without
		// events, with a right or wrong signature.
		name:      "xero",
		title:     "Xero",
		docs:      "https://developer.xero.com/documentation/guides/webhooks/configuring-your-server/",
		signature: &Signature{Algorithm: hmacSHA256, From: []Source{"header:x-xero-signature"}, Encoding: encodingBase64},
		secret:    "the *webhooks key* of the app",
		timeout:   4 * time.Second,
		patience:  5 * time.Second,
	},
	{
		name:      "square",
		title:     "Square",
		docs:      "https://developer.squareup.com/docs/webhooks/step3validate",
		note:      "Signs the URL: behind another proxy `public_url` must be the subscription's notification URL, or its scheme and host.",
		signature: &Signature{Algorithm: hmacSHA256, From: []Source{"header:x-square-hmacsha256-signature"}, Encoding: encodingBase64, Content: "{url}{body}"},
		event:     EventRules{ID: []Source{"body:event_id"}, Type: []Source{"body:type"}, Subject: []Source{"body:data.id"}},
		secret:    "the *signature key* of the subscription",
		timeout:   8 * time.Second,
		patience:  10 * time.Second,
	},
	{
		name:  "hubspot",
		title: "HubSpot",
		docs:  "https://developers.hubspot.com/docs/api/webhooks/validating-requests",
		note:  "Version 3 of the signature. Signs the URL: behind another proxy `public_url` must be the app's target URL, or its scheme and host.",
		signature: &Signature{
			Algorithm:       hmacSHA256,
			From:            []Source{"header:X-HubSpot-Signature-v3"},
			Encoding:        encodingBase64,
			Content:         "{method}{url}{body}{timestamp}",
			URLForms:        []string{urlDecoded},
			Timestamp:       []Source{"header:X-HubSpot-Request-Timestamp"},
			TimestampFormat: timestampUnixMilli,
		},
		event:    EventRules{Type: []Source{"body:0.subscriptionType"}, Subject: []Source{"body:0.objectId"}},
		secret:   "the *client secret* of the app",
		timeout:  4 * time.Second,
		patience: 5 * time.Second,
	},
	{
		name:  "box",
		title: "Box",
		docs:  "https://developer.box.com/guides/webhooks/v2/signatures-v2/",
		signature: &Signature{
			Algorithm:       hmacSHA256,
			From:            []Source{"header:BOX-SIGNATURE-PRIMARY", "header:BOX-SIGNATURE-SECONDARY"},
			Encoding:        encodingBase64,
			Content:         "{body}{timestamp}",
			Timestamp:       []Source{"header:BOX-DELIVERY-TIMESTAMP"},
			TimestampFormat: timestampRFC3339,
			Tolerance:       caddy.Duration(10 * time.Minute),
		},
		event:  EventRules{ID: []Source{"body:id"}, Type: []Source{"body:trigger"}, Subject: []Source{"body:source.id"}},
		secret: "the *primary* and the *secondary key* of the app",
	},
	{
		name:  "paddle",
		title: "Paddle Billing",
		docs:  "https://developer.paddle.com/webhooks/signature-verification",
		signature: &Signature{
			Algorithm: hmacSHA256,
			From:      []Source{"header:Paddle-Signature"},
			Separator: ";",
			Prefix:    "h1=",
			Content:   "{timestamp}:{body}",
			Timestamp: []Source{"signature:ts="},
		},
		event:    EventRules{ID: []Source{"body:event_id"}, Type: []Source{"body:event_type"}, Subject: []Source{"body:data.id"}},
		secret:   "the *secret key* of the notification destination",
		timeout:  4 * time.Second,
		patience: 5 * time.Second,
	},
	{
		// Its libraries look at these forms of the URL too, as Twilio's servers differ.
		// A form has a few kilobytes, a batch of JSON events more.
		name:  "twilio",
		title: "Twilio",
		docs:  "https://www.twilio.com/docs/usage/webhooks/webhooks-security",
		note: "Sent by POST, as forms or as JSON, whose hash Twilio adds to the URL as `bodySHA256`; the answer is an empty TwiML response. " +
			"Signs the URL: behind another proxy `public_url` must be the one that Twilio was given, word for word, with its query, and user and password if there are any; " +
			"or only scheme and host, where URLs vary, as those of status callbacks do. HMAC-SHA256 is what Twilio uses with a *SharedKey*, whose secret is another `secret`. " +
			"URL and form are signed without anything between them: with only scheme and host, match the exact path (`/webhooks`, not `/webhooks*`), and keep `X-Twilio-Signature` out of logs. " +
			"The id is in a header, which is not signed.",
		signature: &Signature{
			Algorithm: hmacSHA1 + " " + hmacSHA256,
			From:      []Source{"header:X-Twilio-Signature"},
			Encoding:  encodingBase64,
			Content:   "{url}{form}",
			URLForms:  []string{urlPort, urlEscaped},
			BodyHash:  "query:bodySHA256",
		},
		event: EventRules{
			ID:          []Source{"header:I-Twilio-Idempotency-Token"},
			ContentType: "text/xml",
			Body:        "<Response/>",
		},
		secret:      "the *auth token* of the account",
		maxBodySize: 1 << 20,
		timeout:     12 * time.Second,
		patience:    15 * time.Second,
		accept:      acceptAny,
	},
}
