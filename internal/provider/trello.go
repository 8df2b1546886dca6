package provider

var _ = add(Row{
	Name:         "trello",
	Title:        "Trello",
	Kind:         KindWork,
	Docs:         "https://developer.atlassian.com/cloud/trello/guides/rest-api/webhooks/",
	Note:         "Trello signs the URL: behind another proxy `public_url` must be the webhook's `callbackURL`, or its scheme and host.",
	Verification: &Verification{Method: "HEAD"},
	Signature:    &Signature{Algorithm: "hmac-sha1", From: []Source{"header:X-Trello-Webhook"}, Encoding: "base64", Content: "{body}{url}"},
	Event:        EventRules{ID: []Source{"body:action.id"}, Type: []Source{"body:action.type"}, Subject: []Source{"body:model.id"}},
	Secret:       "the *secret* of the app (not a token)",
})
