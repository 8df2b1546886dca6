package provider

var _ = add(Row{
	Name:  "recurly",
	Title: "Recurly",
	Kind:  KindPayments,
	Docs:  "https://recurly.com/developers/reference/webhooks/",
	Note: "For JSON webhooks. " +
		"The body's `id` is that of what has changed, and the same in all events of it: only `{http.webhook_receiver.body_sha256}` can tell a repeat.",
	Signature: &Signature{
		Algorithm:       "hmac-sha256",
		From:            []Source{"header:recurly-signature"},
		Separator:       ",",
		Content:         "{timestamp}.{body}",
		Timestamp:       []Source{"signature:#1"},
		TimestampFormat: "unix_ms",
	},
	Event: EventRules{
		Type:    []Source{"{body:object_type}.{body:event_type}"},
		Subject: []Source{"body:account_code"},
	},
	Secret: "the *secret key* of the endpoint, 64 hexadecimal digits, as it is",
})
