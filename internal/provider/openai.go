package provider

var _ = add(Row{
	Name:  "openai",
	Title: "OpenAI",
	Kind:  KindMedia,
	Docs:  "https://platform.openai.com/docs/guides/webhooks",
	Note:  "The id is the header `webhook-id`, which stays the same on repeats; the `id` in the body is another one. Give the secret with its `whsec_`.",
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
	Event:  EventRules{ID: []Source{"header:webhook-id"}, Type: []Source{"body:type"}, Subject: []Source{"body:data.id"}},
	Secret: "the *signing secret* of the webhook, `whsec_…`",
})
