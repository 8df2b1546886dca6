package provider

var _ = add(Row{
	// The library takes a signature with `sha256=` before it, the documents one without.
	Name:  "mollie",
	Title: "Mollie (next-gen webhooks)",
	Kind:  KindPayments,
	Docs:  "https://docs.mollie.com/reference/webhooks-best-practices",
	Note: "Only for next-gen webhooks, those of the Webhooks API. The classic ones, which the `webhookUrl` of a payment gets, are a form with an `id` and are not signed: they are refused. " +
		"The secret is shown once, when the webhook is made.",
	Signature: &Signature{
		Algorithm: "hmac-sha256",
		From:      []Source{"header:X-Mollie-Signature"},
		Repeated:  true,
		Separator: "sha256=",
	},
	Event:  EventRules{ID: []Source{"body:id"}, Type: []Source{"body:type"}, Subject: []Source{"body:entityId"}},
	Secret: "the `webhookSecret` of the webhook",
})
