package provider

import (
	"time"

	"github.com/caddyserver/caddy/v2"
)

var _ = add(Row{
	Name:  "akeneo",
	Title: "Akeneo PIM Events API",
	Kind:  KindCommerce,
	Docs:  "https://api.akeneo.com/events-documentation/security.html",
	Note: "A request may have up to ten events, and becomes one; type and subject are those of the first. " +
		"Each has an `event_id`. Akeneo waits for the answer for half a second, and calls its Events API deprecated.",
	Signature: &Signature{
		Algorithm: "hmac-sha256",
		From:      []Source{"header:X-Akeneo-Request-Signature"},
		Content:   "{timestamp}.{body}",
		Timestamp: []Source{"header:X-Akeneo-Request-Timestamp"},
		Tolerance: caddy.Duration(24 * time.Hour), // the documents say nothing of repeats
	},
	Event:    EventRules{Type: []Source{"body:events.0.action"}, Subject: []Source{"body:events.0.pim_source"}},
	Secret:   "the *secret* of the connection",
	Timeout:  400 * time.Millisecond,
	Patience: 500 * time.Millisecond,
})
