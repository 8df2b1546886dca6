package provider

var _ = add(Row{
	Name:  "heroku",
	Title: "Heroku",
	Kind:  KindOperations,
	Docs:  "https://devcenter.heroku.com/articles/app-webhooks",
	Note: "With the level `notify` an event is sent once. " +
		"With `sync` a failing one is sent again, and holds back those that follow. " +
		"A header `Authorization` that was set for the webhook is not checked.",
	Signature: &Signature{Algorithm: "hmac-sha256", From: []Source{"header:Heroku-Webhook-Hmac-SHA256"}, Encoding: "base64"},
	Event: EventRules{
		ID:      []Source{"body:id"},
		Type:    []Source{"{body:webhook_metadata.event.include}.{body:action}"},
		Subject: []Source{"body:data.id"},
	},
	Secret: "the *secret* of the webhook, which Heroku shows once if it made it",
})
