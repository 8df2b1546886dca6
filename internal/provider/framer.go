package provider

var _ = add(Row{
	Name:  "framer",
	Title: "Framer forms",
	Kind:  KindWork,
	Docs:  "https://www.framer.com/help/articles/framer-form-webhook-setup",
	Note:  "Give the webhook a secret: without one Framer does not sign. Events have the form's fields, and so no type. A failed one is sent again up to 5 times.",
	Signature: &Signature{
		Algorithm: "hmac-sha256",
		From:      []Source{"header:Framer-Signature"},
		Prefix:    "sha256=",
		Content:   "{body}{id}",
		ID:        []Source{"header:Framer-Webhook-Submission-Id"},
	},
	Event:  EventRules{ID: []Source{"header:Framer-Webhook-Submission-Id"}},
	Secret: "the *secret* of the form's webhook",
})
