package provider

var _ = add(Row{
	Name:      "alchemy",
	Title:     "Alchemy Notify",
	Kind:      KindOperations,
	Docs:      "https://www.alchemy.com/docs/reference/notify-api-quickstart",
	Signature: &Signature{Algorithm: "hmac-sha256", From: []Source{"header:X-Alchemy-Signature"}},
	Event:     EventRules{ID: []Source{"body:id"}, Type: []Source{"body:type"}, Subject: []Source{"body:webhookId"}},
	Secret:    "the *signing key* of the webhook, `whsec_…`",
})
