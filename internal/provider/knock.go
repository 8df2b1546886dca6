package provider

var _ = add(Row{
	Name:  "knock",
	Title: "Knock",
	Kind:  KindMessaging,
	Docs:  "https://docs.knock.app/developer-tools/outbound-webhooks/overview",
	Note:  "Events carry no id of their own; `dedupe` can use `{http.webhook_receiver.body_sha256}`.",
	Signature: &Signature{
		Algorithm:       "hmac-sha256",
		From:            []Source{"header:X-Knock-Signature"},
		Separator:       ",",
		Prefix:          "s=",
		Encoding:        "base64",
		Content:         "{timestamp}.{body}",
		Timestamp:       []Source{"signature:t="},
		TimestampFormat: "unix_ms",
	},
	Event:  EventRules{Type: []Source{"body:type"}, Subject: []Source{"body:data.id"}},
	Secret: "the *secret key* of the webhook",
})
