package provider

import (
	"time"

	"github.com/caddyserver/caddy/v2"
)

var _ = add(Row{
	Name:  "bird",
	Title: "Bird (Notifications API)",
	Kind:  KindMessaging,
	Docs:  "https://docs.bird.com/api/notifications-api/api-reference/webhooks/verifying-a-webhook",
	Note: "For webhooks of developers.messagebird.com use `messagebird`. " +
		"Signs the URL: behind another proxy `public_url` must be that of the webhook subscription, or its scheme and host. " +
		"Events have no id: dedupe by `{http.webhook_receiver.body_sha256}`, as `payload.id` is that of the message.",
	Signature: &Signature{
		Algorithm: "hmac-sha256",
		From:      []Source{"header:messagebird-signature"},
		Encoding:  "base64",
		Content:   "{timestamp}\n{url}\n{sha256_raw}",
		Timestamp: []Source{"header:messagebird-request-timestamp"},
		// It repeats for 8 hours, with the time of the first attempt.
		Tolerance: caddy.Duration(9 * time.Hour),
	},
	Event:  EventRules{Type: []Source{"body:event"}, Subject: []Source{"body:payload.id"}},
	Secret: "the *signing key* of the webhook subscription",
})
