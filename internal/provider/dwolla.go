package provider

import "time"

var _ = add(Row{
	Name:      "dwolla",
	Title:     "Dwolla",
	Kind:      KindPayments,
	Docs:      "https://developers.dwolla.com/guides/webhooks/process-validate",
	Note:      "A failed event is sent again 8 times in 72 hours. The subscription is paused after 400 failures in a row.",
	Signature: &Signature{Algorithm: "hmac-sha256", From: []Source{"header:X-Request-Signature-SHA-256"}},
	Event:     EventRules{ID: []Source{"body:id"}, Type: []Source{"body:topic"}, Subject: []Source{"body:resourceId"}},
	Secret:    "the *secret* of the webhook subscription",
	Timeout:   8 * time.Second,
	Patience:  10 * time.Second,
})
