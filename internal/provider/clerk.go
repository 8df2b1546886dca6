package provider

var _ = add(Row{
	Name:      "clerk",
	Title:     "Clerk",
	Kind:      KindIdentity,
	Docs:      "https://clerk.com/docs/references/backend/verify-webhook",
	Signature: standardWebhooks("svix"),
	Event: EventRules{
		ID:      []Source{"header:svix-id"},
		Type:    []Source{"body:type"},
		Subject: []Source{"body:data.id"},
	},
	Secret: "the *signing secret* of the endpoint, `whsec_…`",
})
