package provider

var _ = add(Row{
	Name:      "coinbase_commerce",
	Title:     "Coinbase Commerce",
	Kind:      KindPayments,
	Docs:      "https://github.com/coinbase/coinbase-commerce-node/blob/master/README.md",
	Note:      "A repeat has another body, and another `id` in it: the event's id is `event.id`, which stays the same. Other webhooks of Coinbase are signed in another way.",
	Signature: &Signature{Algorithm: "hmac-sha256", From: []Source{"header:X-CC-Webhook-Signature"}},
	Event:     EventRules{ID: []Source{"body:event.id"}, Type: []Source{"body:event.type"}, Subject: []Source{"body:event.data.code"}},
	Secret:    "the *shared secret* of the webhooks",
})
