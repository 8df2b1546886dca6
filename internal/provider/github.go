package provider

import "time"

var _ = add(Row{
	Name:      "github",
	Title:     "GitHub",
	Kind:      KindCode,
	Docs:      "https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries",
	Note:      "Choose the content type `application/json`: a form is stored as it was sent, as a text that begins with `payload=`. Type and id are in headers, which are not signed.",
	Signature: &Signature{Algorithm: "hmac-sha256", From: []Source{"header:X-Hub-Signature-256"}, Prefix: "sha256="},
	Event: EventRules{
		ID:   []Source{"header:X-GitHub-Delivery"},
		Type: []Source{"header:X-GitHub-Event"},
		Subject: []Source{
			"body:repository.full_name", "form:payload.repository.full_name",
			"body:organization.login", "form:payload.organization.login",
		},
	},
	Accept:      "any",
	Secret:      "the *secret* of the webhook",
	MaxBodySize: 25 << 20,
	Timeout:     8 * time.Second,
	Patience:    10 * time.Second,
})
