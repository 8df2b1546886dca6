package provider

var _ = add(Row{
	Name:  "telnyx",
	Title: "Telnyx",
	Kind:  KindMessaging,
	Docs:  "https://developers.telnyx.com/docs/messaging/messages/receiving-webhooks",
	Signature: &Signature{
		Algorithm:   "ed25519",
		From:        []Source{"header:telnyx-signature-ed25519"},
		Encoding:    "base64",
		KeyEncoding: "base64",
		Content:     "{timestamp}|{body}",
		Timestamp:   []Source{"header:telnyx-timestamp"},
	},
	Event:  EventRules{ID: []Source{"body:data.id"}, Type: []Source{"body:data.event_type"}, Subject: []Source{"body:data.payload.id"}},
	Secret: "the *public key* of the account",
})
