package provider

var _ = add(Row{
	Name:  "revolut",
	Title: "Revolut Business and Merchant",
	Kind:  KindFinance,
	Docs:  "https://developer.revolut.com/docs/guides/manage-accounts/webhooks/verify-the-payload-signature",
	Note: "Events carry no id of their own. Those of Business have a time in the body, so that `dedupe` can use `{http.webhook_receiver.body_sha256}`. " +
		"Those of Merchant have none: two of one kind about the same order are alike to the byte.",
	Signature: &Signature{
		Algorithm:       "hmac-sha256",
		From:            []Source{"header:Revolut-Signature"},
		Separator:       ",",
		Prefix:          "v1=",
		Content:         "v1.{timestamp}.{body}",
		Timestamp:       []Source{"header:Revolut-Request-Timestamp"},
		TimestampFormat: "unix_ms",
	},
	Event:  EventRules{Type: []Source{"body:event"}, Subject: []Source{"body:data.id", "body:order_id"}},
	Secret: "the *signing secret* of the webhook, `wsk_…`",
})
