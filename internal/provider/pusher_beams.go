package provider

import "time"

var _ = add(Row{
	Name:      "pusher_beams",
	Title:     "Pusher Beams",
	Kind:      KindMessaging,
	Docs:      "https://pusher.com/docs/beams/concepts/webhooks/",
	Note:      "Webhooks that are set with `webhookUrl`, when a notification is published, are not signed and not taken.",
	Signature: &Signature{Algorithm: "hmac-sha1", From: []Source{"header:Webhook-Signature"}},
	Event:     EventRules{ID: []Source{"body:metadata.event_id"}, Type: []Source{"body:metadata.event_type"}, Subject: []Source{"body:payload.publish_id"}},
	Secret:    "the *secret* of the webhook",
	Timeout:   2 * time.Second,
	Patience:  3 * time.Second,
})
