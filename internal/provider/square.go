package provider

import "time"

var _ = add(Row{
	Name:      "square",
	Title:     "Square",
	Kind:      KindPayments,
	Docs:      "https://developer.squareup.com/docs/webhooks/step3validate",
	Note:      "Square signs the URL: behind another proxy `public_url` must be the subscription's notification URL, or its scheme and host.",
	Signature: &Signature{Algorithm: "hmac-sha256", From: []Source{"header:x-square-hmacsha256-signature"}, Encoding: "base64", Content: "{url}{body}"},
	Event:     EventRules{ID: []Source{"body:event_id"}, Type: []Source{"body:type"}, Subject: []Source{"body:data.id"}},
	Secret:    "the *signature key* of the subscription",
	Timeout:   8 * time.Second,
	Patience:  10 * time.Second,
})
