package provider

var _ = add(Row{
	Name:  "lithic",
	Title: "Lithic",
	Kind:  KindFinance,
	Docs:  "https://github.com/lithic-com/lithic-python/blob/main/src/lithic/resources/webhooks.py",
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
		ID:      []Source{"header:webhook-id"},
		Type:    []Source{"body:event_type"},
		Subject: []Source{"body:token", "body:card_token"},
	},
	Secret: "the *secret* of the event subscription, `whsec_…`",
})
