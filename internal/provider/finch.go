package provider

var _ = add(Row{
	Name:  "finch",
	Title: "Finch",
	Kind:  KindFinance,
	Docs:  "https://developer.tryfinch.com/developer-resources/Webhooks",
	Signature: &Signature{
		Algorithm:   "hmac-sha256",
		From:        []Source{"header:Finch-Signature"},
		Separator:   " ",
		Prefix:      "v1,",
		Encoding:    "base64",
		KeyEncoding: "base64",
		Content:     "{id}.{timestamp}.{body}",
		ID:          []Source{"header:Finch-Event-Id"},
		Timestamp:   []Source{"header:Finch-Timestamp"},
	},
	Event: EventRules{
		ID:      []Source{"header:Finch-Event-Id"},
		Type:    []Source{"body:event_type"},
		Subject: []Source{"body:connection_id", "body:company_id"},
	},
	Secret: "the *webhook secret*",
})
