package provider

var _ = add(Row{
	Name:  "monday",
	Title: "monday.com",
	Kind:  KindWork,
	Docs:  "https://developer.monday.com/api-reference/reference/webhooks",
	Note: "The body is not signed: a token in the header `Authorization` says only that the request is for your URL, and whoever sees one can use it until it expires. " +
		"Behind another proxy `public_url` must be the webhook's URL. " +
		"Only webhooks that an app makes through the API have a token. Those made in a board have none, and are refused, as are those of an app's lifecycle. " +
		"A repeat, of which there are 30 in half an hour, has `isRetry` in the body.",
	Verification: &Verification{
		Method:      "POST",
		Challenge:   "body:challenge",
		ContentType: "application/json",
		Body:        `{"challenge":"{challenge}"}`,
	},
	Signature: &Signature{
		Algorithm: "jwt-hs256",
		From:      []Source{"header:Authorization"},
		Claims:    map[string]string{"aud": "{url}"},
		Partial:   true,
	},
	Event: EventRules{
		Type:    []Source{"body:event.type"},
		Subject: []Source{"body:event.boardId"},
	},
	Secret: "the *signing secret* of the app",
})
