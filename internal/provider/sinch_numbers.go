package provider

var _ = add(Row{
	Name:  "sinch_numbers",
	Title: "Sinch Numbers API",
	Kind:  KindMessaging,
	Docs:  "https://developers.sinch.com/docs/numbers/api-reference/numbers/numbers-callbacks",
	Signature: &Signature{
		Algorithm: "hmac-sha1",
		From:      []Source{"header:X-Sinch-Signature"},
	},
	Event: EventRules{
		ID:      []Source{"body:eventId"},
		Type:    []Source{"body:eventType"},
		Subject: []Source{"body:resourceId"},
	},
	Secret: "the *HMAC secret* of the callback configuration",
})
