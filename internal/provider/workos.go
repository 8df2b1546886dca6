package provider

import (
	"time"

	"github.com/caddyserver/caddy/v2"
)

var _ = add(Row{
	Name:  "workos",
	Title: "WorkOS",
	Kind:  KindIdentity,
	Docs:  "https://workos.com/docs/events/data-syncing/webhooks",
	Signature: &Signature{
		Algorithm:       "hmac-sha256",
		From:            []Source{"header:WorkOS-Signature"},
		Separator:       ",",
		Prefix:          "v1=",
		Content:         "{timestamp}.{body}",
		Timestamp:       []Source{"signature:t="},
		TimestampFormat: "unix_ms",
		Tolerance:       caddy.Duration(3 * time.Minute), // as in its library
	},
	Event:  EventRules{ID: []Source{"body:id"}, Type: []Source{"body:event"}, Subject: []Source{"body:data.id"}},
	Secret: "the *signing secret* of the endpoint",
})
