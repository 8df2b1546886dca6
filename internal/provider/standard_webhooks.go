package provider

var _ = add(Row{
	Name:  "standard_webhooks",
	Title: "Standard Webhooks (Svix, Clerk, Resend, OpenAI, Replicate, GitLab's signing token and others)",
	Kind:  KindAny,
	Docs:  "https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md",
	Note: "Signatures `v1`, with headers `webhook-…` or `svix-…`. Where both are there, each is checked by itself, " +
		"and the id is that of the one whose signature is right.",
	Signature: &Signature{
		Algorithm:   "hmac-sha256",
		From:        []Source{"header:webhook-signature", "header:svix-signature"},
		Separator:   " ",
		Prefix:      "v1,",
		Encoding:    "base64",
		KeyEncoding: "base64",
		KeyPrefix:   "whsec_",
		Content:     "{id}.{timestamp}.{body}",
		ID:          []Source{"header:webhook-id", "header:svix-id"},
		Timestamp:   []Source{"header:webhook-timestamp", "header:svix-timestamp"},
	},
	Event: EventRules{
		ID:      []Source{"header:webhook-id", "header:svix-id"},
		Type:    []Source{"body:type"},
		Subject: []Source{"body:data.id"},
	},
	Secret: "the *signing secret*, `whsec_…`",
})
