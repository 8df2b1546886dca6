package provider

import (
	"time"

	"github.com/caddyserver/caddy/v2"
)

var _ = add(Row{
	Name:  "linear",
	Title: "Linear",
	Kind:  KindCode,
	Docs:  "https://linear.app/developers/webhooks",
	Note:  "The id is in a header, which is not signed.",
	Signature: &Signature{
		Algorithm:       "hmac-sha256",
		From:            []Source{"header:Linear-Signature"},
		Timestamp:       []Source{"body:webhookTimestamp"},
		TimestampFormat: "unix_ms",
		Tolerance:       caddy.Duration(time.Minute),
	},
	Event:    EventRules{ID: []Source{"header:Linear-Delivery"}, Type: []Source{"body:type"}, Subject: []Source{"body:data.id"}},
	Secret:   "the *signing secret* of the webhook",
	Timeout:  4 * time.Second,
	Patience: 5 * time.Second,
})
