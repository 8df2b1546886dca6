package provider

import (
	"net/http"
	"time"

	"github.com/caddyserver/caddy/v2"
)

var _ = add(Row{
	Name:  "discord",
	Title: "Discord webhook events",
	Kind:  KindSocial,
	Docs:  "https://discord.com/developers/docs/events/webhook-events",
	Note:  "For webhook events, not for interactions, which want an answer of their own.",
	Verification: &Verification{
		Method: "POST",
		Match:  map[Source]string{"body:type": "0"},
		Signed: true,
		Status: http.StatusNoContent,
	},
	Signature: &Signature{
		Algorithm: "ed25519",
		From:      []Source{"header:X-Signature-Ed25519"},
		Content:   "{timestamp}{body}",
		Timestamp: []Source{"header:X-Signature-Timestamp"},
		// It repeats for ten minutes; its library checks no age.
		Tolerance: caddy.Duration(15 * time.Minute),
	},
	Event:    EventRules{Type: []Source{"body:event.type"}, Subject: []Source{"body:application_id"}, Status: http.StatusNoContent},
	Secret:   "the *public key* of the app",
	Timeout:  2500 * time.Millisecond,
	Patience: 3 * time.Second,
})
