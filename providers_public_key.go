package webhookreceiver

import (
	"net/http"
	"time"

	"github.com/caddyserver/caddy/v2"
)

// providersPublicKey are services that sign their events with a private key.
var providersPublicKey = []provider{
	{
		name:  "discord",
		title: "Discord webhook events",
		docs:  "https://discord.com/developers/docs/events/webhook-events",
		note:  "For webhook events, not for interactions, which want an answer of their own.",
		verification: &Verification{
			Method: "POST",
			Match:  map[Source]string{"body:type": "0"},
			Signed: true,
			Status: http.StatusNoContent,
		},
		signature: &Signature{
			Algorithm: algorithmEd25519,
			From:      []Source{"header:X-Signature-Ed25519"},
			Content:   "{timestamp}{body}",
			Timestamp: []Source{"header:X-Signature-Timestamp"},
			// It repeats for ten minutes; its library checks no age.
			Tolerance: caddy.Duration(15 * time.Minute),
		},
		event:    EventRules{Type: []Source{"body:event.type"}, Subject: []Source{"body:application_id"}, Status: http.StatusNoContent},
		secret:   "the *public key* of the app",
		timeout:  2500 * time.Millisecond,
		patience: 3 * time.Second,
	},
	{
		name:  "telnyx",
		title: "Telnyx",
		docs:  "https://developers.telnyx.com/docs/messaging/messages/receiving-webhooks",
		signature: &Signature{
			Algorithm:   algorithmEd25519,
			From:        []Source{"header:telnyx-signature-ed25519"},
			Encoding:    encodingBase64,
			KeyEncoding: encodingBase64,
			Content:     "{timestamp}|{body}",
			Timestamp:   []Source{"header:telnyx-timestamp"},
		},
		event:  EventRules{ID: []Source{"body:data.id"}, Type: []Source{"body:data.event_type"}, Subject: []Source{"body:data.payload.id"}},
		secret: "the *public key* of the account",
	},
	{
		name:  "sendgrid",
		title: "Twilio SendGrid event webhook",
		docs:  "https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features",
		note:  "A body is an array of events, and is stored as one event.",
		signature: &Signature{
			Algorithm: algorithmECDSA,
			From:      []Source{"header:X-Twilio-Email-Event-Webhook-Signature"},
			Encoding:  encodingBase64,
			Content:   "{timestamp}{body}",
			Timestamp: []Source{"header:X-Twilio-Email-Event-Webhook-Timestamp"},
			// It repeats for 24 hours; its library checks no age.
			Tolerance: caddy.Duration(25 * time.Hour),
		},
		event:  EventRules{Type: []Source{"body:0.event"}},
		secret: "the *verification key* of the event webhook",
	},
}
