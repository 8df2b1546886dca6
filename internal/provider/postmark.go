package provider

var _ = add(Row{
	Name:  "postmark",
	Title: "Postmark",
	Kind:  KindMessaging,
	Docs:  "https://postmarkapp.com/developer/webhooks/webhooks-overview",
	Note: "Events are not signed: set user and password in the webhook, as *Basic auth credentials*, and as `user:password` here. " +
		"A message id occurs in several events, so `dedupe` must not use it alone. " +
		"A failed event is sent again 10 times in about 10 hours. " +
		"Inbound messages have no `RecordType`, so their type is `webhook`; their attachments may have 35 MB in all.",
	Signature:   &Signature{Algorithm: "token", From: []Source{"header:Authorization"}, Prefix: "Basic ", Encoding: "base64"},
	Event:       EventRules{Type: []Source{"body:RecordType"}, Subject: []Source{"body:MessageID"}},
	Secret:      "user and password of the webhook, as `user:password`",
	MaxBodySize: 50 << 20, // 35 MB of attachments, in base64
})
