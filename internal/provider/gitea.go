package provider

import "time"

var _ = add(Row{
	Name:  "gitea",
	Title: "Gitea",
	Kind:  KindCode,
	Docs:  "https://docs.gitea.com/usage/webhooks",
	Note: "The webhook's method must be POST and its content type `application/json`. Id and type are in headers, which are not signed. " +
		"Gitea sends an event once; one that is sent again by hand has a new id and the same body, so `dedupe` goes by `{http.webhook_receiver.body_sha256}`.",
	Signature: &Signature{Algorithm: "hmac-sha256", From: []Source{"header:X-Gitea-Signature"}},
	Event: EventRules{
		ID:      []Source{"header:X-Gitea-Delivery"},
		Type:    []Source{"header:X-Gitea-Event"},
		Subject: []Source{"body:repository.full_name"},
	},
	Secret:   "the *secret* of the webhook",
	Timeout:  4 * time.Second,
	Patience: 5 * time.Second,
})
