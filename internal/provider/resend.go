package provider

var _ = add(Row{
	Name:  "resend",
	Title: "Resend",
	Kind:  KindMessaging,
	Docs:  "https://resend.com/docs/dashboard/webhooks/verify-webhooks-requests",
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
		Subject: []Source{"body:data.email_id", "body:data.id"},
	},
	Secret: "the *signing secret* of the webhook, `whsec_…`",
})
