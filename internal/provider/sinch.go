package provider

import (
	"time"

	"github.com/caddyserver/caddy/v2"
)

var _ = add(Row{
	Name:  "sinch",
	Title: "Sinch Conversation API",
	Kind:  KindMessaging,
	Docs:  "https://developers.sinch.com/docs/conversation/callbacks",
	Note: "Without a secret Sinch doesn't sign, and its requests are refused. " +
		"What has happened is in the body's key, such as `message_delivery_report`, and so the type is `webhook`. " +
		"There is no id: only `{http.webhook_receiver.body_sha256}` can tell a repeat. " +
		"Callbacks of Voice and Verification are signed in another way and refused.",
	Signature: &Signature{
		Algorithm: "hmac-sha256",
		From:      []Source{"header:x-sinch-webhook-signature"},
		Encoding:  "base64",
		Content:   "{body}.{header:x-sinch-webhook-signature-nonce}.{timestamp}",
		Timestamp: []Source{"header:x-sinch-webhook-signature-timestamp"},
		// The library (@sinch/sdk-client 1.5.0) does not check when it was signed; whether repeats are
		// signed anew is not documented.
		Tolerance: caddy.Duration(24 * time.Hour),
	},
	Event: EventRules{
		Subject: []Source{"body:app_id"},
	},
	Secret: "the *secret* of the webhook",
})
