package provider

var _ = add(Row{
	Name:  "dub",
	Title: "Dub",
	Kind:  KindCustomers,
	Docs:  "https://github.com/dubinc/dub/blob/main/apps/web/lib/webhook/signature.ts",
	Note:  "After many failures in a row Dub switches the webhook off.",
	Signature: &Signature{
		Algorithm: "hmac-sha256",
		From:      []Source{"header:Dub-Signature"},
	},
	Event: EventRules{
		ID:      []Source{"body:id"},
		Type:    []Source{"body:event"},
		Subject: []Source{"body:data.link.id", "body:data.id"},
	},
	Secret: "the *secret* of the webhook",
})
