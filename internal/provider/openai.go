package provider

var _ = add(Row{
	Name:      "openai",
	Title:     "OpenAI",
	Kind:      KindMedia,
	Docs:      "https://platform.openai.com/docs/guides/webhooks",
	Note:      "The id is the header `webhook-id`, which stays the same on repeats; the `id` in the body is another one. Give the secret with its `whsec_`.",
	Signature: standardWebhooks("webhook"),
	Event:     EventRules{ID: []Source{"header:webhook-id"}, Type: []Source{"body:type"}, Subject: []Source{"body:data.id"}},
	Secret:    "the *signing secret* of the webhook, `whsec_…`",
})
