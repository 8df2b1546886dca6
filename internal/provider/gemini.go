package provider

var _ = add(Row{
	Name:      "gemini",
	Title:     "Gemini API",
	Kind:      KindMedia,
	Docs:      "https://ai.google.dev/gemini-api/docs/webhooks",
	Note:      "For static webhooks, those of a project. Dynamic ones, which are named in a request, are signed in another way and refused.",
	Signature: standardWebhooks("webhook"),
	Event: EventRules{
		ID:   []Source{"header:webhook-id"},
		Type: []Source{"body:type"},
	},
	Secret: "the *signing secret*, which is shown only when the webhook is made, `whsec_…`",
})
