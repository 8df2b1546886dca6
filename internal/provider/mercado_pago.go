package provider

import (
	"time"

	"github.com/caddyserver/caddy/v2"
)

var _ = add(Row{
	Name:  "mercado_pago",
	Title: "Mercado Pago",
	Kind:  KindPayments,
	Docs:  "https://github.com/mercadopago/sdk-nodejs/tree/master/src/utils/webhook",
	Note: "The body is not signed, only `data.id` in the URL, `x-request-id` and the time: get from Mercado Pago's API what matters. " +
		"A repeat has another `version` in the body; the id stays the same. " +
		"Notifications of QR codes, and those of the older IPN, are not signed, and are refused.",
	Signature: &Signature{
		Algorithm:       "hmac-sha256",
		From:            []Source{"header:x-signature"},
		Separator:       ",",
		Prefix:          "v1=",
		Content:         "{?id:{query:data.id};?}{?request-id:{header:x-request-id};?}ts:{timestamp};",
		Partial:         true,
		Timestamp:       []Source{"signature:ts="},
		TimestampFormat: "unix_any",
		// The last repeat comes 4 days after the one before, which comes 2 days after another.
		Tolerance: caddy.Duration(7 * 24 * time.Hour),
	},
	Event: EventRules{
		ID:      []Source{"body:id"},
		Type:    []Source{"body:action", "body:type"},
		Subject: []Source{"body:data.id"},
	},
	Secret: "the *secret signature* of the application's webhooks",
	// Repeats wait for 5 seconds, the first attempt for 22.
	Timeout:  4 * time.Second,
	Patience: 5 * time.Second,
})
