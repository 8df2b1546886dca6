package provider

import "time"

var _ = add(Row{
	// Bodies may be compressed.
	Name:         "nylas",
	Title:        "Nylas v3",
	Kind:         KindMessaging,
	Docs:         "https://developer.nylas.com/docs/v3/notifications/",
	Verification: &Verification{Challenge: "query:challenge"},
	Signature:    &Signature{Algorithm: "hmac-sha256", From: []Source{"header:x-nylas-signature"}},
	Event:        EventRules{ID: []Source{"body:id"}, Type: []Source{"body:type"}, Subject: []Source{"body:data.object.id"}},
	Secret:       "the *webhook secret* that Nylas generates",
	Timeout:      8 * time.Second,
	Patience:     10 * time.Second,
})
