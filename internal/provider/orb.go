package provider

var _ = add(Row{
	Name:  "orb",
	Title: "Orb",
	Kind:  KindPayments,
	Docs:  "https://github.com/orbcorp/orb-python/blob/main/src/orb/resources/webhooks.py",
	Signature: &Signature{
		Algorithm:       "hmac-sha256",
		From:            []Source{"header:X-Orb-Signature"},
		Separator:       " ",
		Prefix:          "v1=",
		Content:         "v1:{timestamp}:{body}",
		Timestamp:       []Source{"header:X-Orb-Timestamp"},
		TimestampFormat: "rfc3339",
	},
	Event: EventRules{
		ID:   []Source{"body:id"},
		Type: []Source{"body:type"},
	},
	Secret: "the *secret* of the webhook",
})
