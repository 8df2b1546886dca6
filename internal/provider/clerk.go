package provider

var _ = add(Row{
	Name:  "clerk",
	Title: "Clerk",
	Kind:  KindIdentity,
	Docs:  "https://clerk.com/docs/references/backend/verify-webhook",
	Signature: &Signature{
		Algorithm:   "hmac-sha256",
		From:        []Source{"header:svix-signature"},
		Separator:   " ",
		Prefix:      "v1,",
		Encoding:    "base64",
		KeyEncoding: "base64",
		KeyPrefix:   "whsec_",
		Content:     "{id}.{timestamp}.{body}",
		ID:          []Source{"header:svix-id"},
		Timestamp:   []Source{"header:svix-timestamp"},
	},
	Event: EventRules{
		ID:      []Source{"header:svix-id"},
		Type:    []Source{"body:type"},
		Subject: []Source{"body:data.id"},
	},
	Secret: "the *signing secret* of the endpoint, `whsec_…`",
})
