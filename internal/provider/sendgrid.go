package provider

import (
	"time"

	"github.com/caddyserver/caddy/v2"
)

var _ = add(Row{
	Name:  "sendgrid",
	Title: "Twilio SendGrid event webhook",
	Kind:  KindMessaging,
	Docs:  "https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features",
	Note:  "A body is an array of events, and is stored as one event.",
	Signature: &Signature{
		Algorithm: "ecdsa-p256",
		From:      []Source{"header:X-Twilio-Email-Event-Webhook-Signature"},
		Encoding:  "base64",
		Content:   "{timestamp}{body}",
		Timestamp: []Source{"header:X-Twilio-Email-Event-Webhook-Timestamp"},
		// It repeats for 24 hours; its library checks no age.
		Tolerance: caddy.Duration(25 * time.Hour),
	},
	Event:  EventRules{Type: []Source{"body:0.event"}},
	Secret: "the *verification key* of the event webhook",
})
