package provider

import (
	"time"

	"github.com/caddyserver/caddy/v2"
)

var _ = add(Row{
	Name:  "airwallex",
	Title: "Airwallex",
	Kind:  KindPayments,
	Docs:  "https://www.airwallex.com/docs/developer-tools/webhooks/listen-for-webhook-events",
	Signature: &Signature{
		Algorithm:       "hmac-sha256",
		From:            []Source{"header:X-Signature"},
		Content:         "{timestamp}{body}",
		Timestamp:       []Source{"header:X-Timestamp"},
		TimestampFormat: "unix_ms",
		// Repeats come for about three days; it is not said whether they are signed anew.
		Tolerance: caddy.Duration(96 * time.Hour),
	},
	Event: EventRules{
		ID:      []Source{"body:id"},
		Type:    []Source{"body:name"},
		Subject: []Source{"body:account_id", "body:accountId"},
	},
	Secret: "the *secret* of the webhook, `whsec_…`",
})
