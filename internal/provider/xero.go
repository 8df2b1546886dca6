package provider

import "time"

var _ = add(Row{
	// What Xero sends to see whether signatures are checked is an event without
	// events, with a right or wrong signature.
	Name:      "xero",
	Title:     "Xero",
	Kind:      KindFinance,
	Docs:      "https://developer.xero.com/documentation/guides/webhooks/configuring-your-server/",
	Signature: &Signature{Algorithm: "hmac-sha256", From: []Source{"header:x-xero-signature"}, Encoding: "base64"},
	Secret:    "the *webhooks key* of the app",
	Timeout:   4 * time.Second,
	Patience:  5 * time.Second,
})
