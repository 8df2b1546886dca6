package provider

import (
	"time"

	"github.com/caddyserver/caddy/v2"
)

var _ = add(Row{
	Name:  "bird",
	Title: "Bird (Notifications API)",
	Kind:  KindMessaging,
	Docs:  "https://docs.bird.com/api/notifications-api/api-reference/webhook-subscriptions/verifying-a-webhook-subscription",
	Note: "For webhooks of developers.messagebird.com use `messagebird`. " +
		"Bird signs the URL: behind another proxy `public_url` must be that of the webhook subscription, or its scheme and host. " +
		"Events have no id: dedupe by `{http.webhook_receiver.body_sha256}`, as `payload.id` is that of the message.",
	Signature: &Signature{
		Algorithm: "hmac-sha256",
		From:      []Source{"header:messagebird-signature"},
		Encoding:  "base64",
		Content:   "{timestamp}\n{url}\n{sha256_raw}",
		Timestamp: []Source{"header:messagebird-request-timestamp"},
		// Repeats have the time of the first attempt. They come for 8 hours by the documents,
		// and receivers have seen them for 24.
		Tolerance: caddy.Duration(25 * time.Hour),
	},
	Event:  EventRules{Type: []Source{"body:event"}, Subject: []Source{"body:payload.id"}},
	Secret: "the *signing key* of the webhook subscription",
})
