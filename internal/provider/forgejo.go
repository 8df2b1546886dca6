package provider

import "time"

var _ = add(Row{
	Name:  "forgejo",
	Title: "Forgejo (Codeberg and others)",
	Kind:  KindCode,
	Docs:  "https://forgejo.org/docs/latest/user/webhooks/",
	Note: "The webhook's method must be POST and its content type `application/json`. Id and type are in headers, which are not signed. " +
		"Forgejo sends an event once; one that is sent again by hand has a new id and the same body, so `dedupe` goes by `{http.webhook_receiver.body_sha256}`.",
	Signature: &Signature{Algorithm: "hmac-sha256", From: []Source{"header:X-Forgejo-Signature"}},
	Event: EventRules{
		ID:      []Source{"header:X-Forgejo-Delivery"},
		Type:    []Source{"header:X-Forgejo-Event"},
		Subject: []Source{"body:repository.full_name"},
	},
	Secret:   "the *secret* of the webhook",
	Timeout:  4 * time.Second,
	Patience: 5 * time.Second,
})
