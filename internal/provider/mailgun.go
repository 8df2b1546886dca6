package provider

import (
	"time"

	"github.com/caddyserver/caddy/v2"
)

var _ = add(Row{
	Name:  "mailgun",
	Title: "Mailgun",
	Kind:  KindMessaging,
	Docs:  "https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/securing-webhooks",
	Note: "**The event itself is not signed**, only a time and a token: whoever sees a request could send another event with them. A token is taken with one body only. " +
		"Messages that a route forwards come as forms, and are not taken.",
	Signature: &Signature{
		Algorithm: "hmac-sha256",
		From:      []Source{"body:signature.signature"},
		Content:   "{timestamp}{body:signature.token}",
		Partial:   true,
		Nonce:     "body:signature.token",
		Timestamp: []Source{"body:signature.timestamp"},
		// The last repeat comes eight hours after the event. That repeats are signed
		// anew is not documented.
		Tolerance: caddy.Duration(12 * time.Hour),
	},
	Event:  EventRules{ID: []Source{"body:event-data.id"}, Type: []Source{"body:event-data.event"}, Subject: []Source{"body:event-data.recipient"}},
	Secret: "the *HTTP webhook signing key* of the account",
})
