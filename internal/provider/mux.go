package provider

import "time"

var _ = add(Row{
	Name:  "mux",
	Title: "Mux",
	Kind:  KindMedia,
	Docs:  "https://www.mux.com/docs/core/listen-for-webhooks",
	Note:  "An event may come twice, even after an answer 200: dedupe by its id.",
	Signature: &Signature{
		Algorithm: "hmac-sha256",
		From:      []Source{"header:mux-signature"},
		Separator: ",",
		Prefix:    "v1=",
		Content:   "{timestamp}.{body}",
		Timestamp: []Source{"signature:t="},
	},
	Event:    EventRules{ID: []Source{"body:id"}, Type: []Source{"body:type"}, Subject: []Source{"body:object.id"}},
	Secret:   "the *signing secret* of the webhook",
	Timeout:  4 * time.Second,
	Patience: 5 * time.Second,
})
