package provider

var _ = add(Row{
	Name:      "vercel",
	Title:     "Vercel",
	Kind:      KindCode,
	Docs:      "https://vercel.com/docs/webhooks",
	Note:      "Log drains are not taken: they have a verification of their own.",
	Signature: &Signature{Algorithm: "hmac-sha1", From: []Source{"header:X-Vercel-Signature"}},
	Event: EventRules{
		ID:      []Source{"body:id"},
		Type:    []Source{"body:type"},
		Subject: []Source{"body:payload.deployment.id", "body:payload.configuration.id"},
	},
	Secret: "the *secret* of the webhook, or the *client secret* of the integration",
})
