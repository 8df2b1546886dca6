package provider

var _ = add(Row{
	Name:  "huggingface",
	Title: "Hugging Face",
	Kind:  KindMedia,
	Docs:  "https://huggingface.co/docs/hub/webhooks",
	Note: "Sends the secret in a header: events are not signed. " +
		"Without a secret they come without it, and are refused. It must be of ASCII. " +
		"Events carry no id of their own.",
	Signature: &Signature{Algorithm: "token", From: []Source{"header:X-Webhook-Secret"}},
	Event:     EventRules{Type: []Source{"{body:event.scope}.{body:event.action}"}, Subject: []Source{"body:repo.name"}},
	Secret:    "the *secret* of the webhook",
})
