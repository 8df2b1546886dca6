package provider

var _ = add(Row{
	Name:  "gemini",
	Title: "Gemini API",
	Kind:  KindMedia,
	Docs:  "https://ai.google.dev/gemini-api/docs/webhooks",
	Note:  "For static webhooks, those of a project. Dynamic ones, which are named in a request, are signed in another way and refused.",
	Signature: &Signature{
		Algorithm:   "hmac-sha256",
		From:        []Source{"header:webhook-signature"},
		Separator:   " ",
		Prefix:      "v1,",
		Encoding:    "base64",
		KeyEncoding: "base64",
		KeyPrefix:   "whsec_",
		Content:     "{id}.{timestamp}.{body}",
		ID:          []Source{"header:webhook-id"},
		Timestamp:   []Source{"header:webhook-timestamp"},
	},
	Event: EventRules{
		ID:   []Source{"header:webhook-id"},
		Type: []Source{"body:type"},
	},
	Secret: "the *signing secret*, which is shown only when the webhook is made, `whsec_…`",
})
