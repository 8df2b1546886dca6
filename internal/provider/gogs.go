package provider

import "time"

var _ = add(Row{
	Name:      "gogs",
	Title:     "Gogs",
	Kind:      KindCode,
	Docs:      "https://github.com/gogs/gogs/blob/main/internal/database/webhook.go",
	Note:      "The webhook's content type must be `application/json`. Id and type are in headers, which are not signed. Gogs sends an event once, and follows no redirect.",
	Signature: &Signature{Algorithm: "hmac-sha256", From: []Source{"header:X-Gogs-Signature"}},
	Event: EventRules{
		ID:      []Source{"header:X-Gogs-Delivery"},
		Type:    []Source{"header:X-Gogs-Event"},
		Subject: []Source{"body:repository.full_name"},
	},
	Secret:   "the *secret* of the webhook",
	Timeout:  12 * time.Second,
	Patience: 15 * time.Second,
})
