package provider

import (
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/keys"
)

var _ = add(Row{
	Name:  "paypal",
	Title: "PayPal",
	Kind:  KindPayments,
	Docs:  "https://developer.paypal.com/api/rest/webhooks/rest/",
	Note: "The certificate is fetched from `api.paypal.com`, `api-m.paypal.com` or their sandboxes. Of the body only the CRC-32 is signed: whoever has seen a " +
		"request can make another body of the same CRC-32. So a transmission id is taken with one body only. Events of the simulator are those of a webhook with " +
		"the id `WEBHOOK_ID`, so anybody can have them sent: name it for tests only. PayPal calls port 443 only. An event keeps its `id` when it is sent again.",
	Signature: &Signature{
		Algorithm:       "rsa-sha256",
		From:            []Source{"header:PayPal-Transmission-Sig"},
		Encoding:        "base64",
		Content:         "{header:PayPal-Transmission-Id}|{timestamp}|{account}|{crc32}",
		Partial:         true,
		Nonce:           "header:PayPal-Transmission-Id",
		Timestamp:       []Source{"header:PayPal-Transmission-Time"},
		TimestampFormat: "rfc3339",
		Tolerance:       caddy.Duration(73 * time.Hour),
	},
	Event:   EventRules{ID: []Source{"body:id"}, Type: []Source{"body:event_type"}, Subject: []Source{"body:resource.id"}},
	Account: "the *webhook id*, as the dashboard has it",
	Keys:    keys.PayPal,
})
