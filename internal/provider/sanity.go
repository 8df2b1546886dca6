package provider

import (
	"time"

	"github.com/caddyserver/caddy/v2"
)

var _ = add(Row{
	Name:  "sanity",
	Title: "Sanity",
	Kind:  KindMedia,
	Docs:  "https://www.sanity.io/docs/webhooks",
	Note: "The webhook's method must be POST, as it is by default. Id, type and subject are in headers, which are not signed; the body is what the webhook's projection says. " +
		"Sanity repeats only what is answered 429 or 5xx, twice, 30 seconds apart: what is answered 401, for a wrong secret, is not sent again.",
	Signature: &Signature{
		Algorithm:       "hmac-sha256",
		From:            []Source{"header:sanity-webhook-signature"},
		Separator:       ",",
		Prefix:          "v1=",
		Encoding:        "base64",
		Content:         "{timestamp}.{body}",
		Timestamp:       []Source{"signature:t="},
		TimestampFormat: "unix_ms",
		// The two repeats come within minutes, but requests wait for one another; the
		// library checks no time.
		Tolerance: caddy.Duration(time.Hour),
	},
	Event: EventRules{
		ID:      []Source{"header:idempotency-key"},
		Type:    []Source{"header:sanity-operation"},
		Subject: []Source{"header:sanity-document-id"},
	},
	Secret:   "the *secret* of the webhook",
	Timeout:  24 * time.Second,
	Patience: 30 * time.Second,
})
