package provider

var _ = add(Row{
	Name:  "replicate",
	Title: "Replicate",
	Kind:  KindMedia,
	Docs:  "https://github.com/replicate/replicate-javascript/blob/main/lib/util.js",
	Note: "The type is the prediction's status, such as `succeeded`: what comes is the prediction itself, which says nothing of what has happened to it. " +
		"Only the last one of a prediction is sent again if it fails, for about a minute.",
	Signature: standardWebhooks("webhook"),
	Event: EventRules{
		ID:      []Source{"header:webhook-id"},
		Type:    []Source{"body:status"},
		Subject: []Source{"body:id"},
	},
	Secret: "the *signing key* of the webhooks, `whsec_…`",
})
