package provider

import (
	"time"

	"github.com/caddyserver/caddy/v2"
)

var _ = add(Row{
	Name:  "zendesk",
	Title: "Zendesk",
	Kind:  KindCustomers,
	Docs:  "https://developer.zendesk.com/documentation/webhooks/verifying/",
	Note: "The *request method* must be POST. A webhook of a trigger or an automation sends what you write: " +
		"id, type and subject are found where it has fields of these names, as Zendesk's own events do.",
	Signature: &Signature{
		Algorithm:       "hmac-sha256",
		From:            []Source{"header:X-Zendesk-Webhook-Signature"},
		Encoding:        "base64",
		Content:         "{timestamp}{body}",
		Timestamp:       []Source{"header:X-Zendesk-Webhook-Signature-Timestamp"},
		TimestampFormat: "rfc3339",
		// Its documents do not say whether a repeat is signed anew.
		Tolerance: caddy.Duration(24 * time.Hour),
	},
	Event:  EventRules{ID: []Source{"body:id"}, Type: []Source{"body:type"}, Subject: []Source{"body:subject"}},
	Accept: "any",
	Secret: "the *signing secret* of the webhook",
})
