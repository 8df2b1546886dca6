package provider

import (
	"time"

	"github.com/caddyserver/caddy/v2"
)

var _ = add(Row{
	Name:  "elevenlabs",
	Title: "ElevenLabs",
	Kind:  KindMedia,
	Docs:  "https://elevenlabs.io/docs/overview/administration/webhooks",
	Note: "Each event is sent once. " +
		"The webhook is switched off after 10 failures in a row, if there was no success for 7 days.",
	Signature: &Signature{
		Algorithm: "hmac-sha256",
		From:      []Source{"header:ElevenLabs-Signature"},
		Separator: ",",
		Prefix:    "v0=",
		Content:   "{timestamp}.{body}",
		Timestamp: []Source{"signature:t="},
		Tolerance: caddy.Duration(30 * time.Minute), // as in its library
	},
	Event:  EventRules{Type: []Source{"body:type"}, Subject: []Source{"body:data.conversation_id"}},
	Secret: "the *secret* of the webhook",
})
