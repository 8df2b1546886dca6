package provider

var _ = add(Row{
	Name:  "paystack",
	Title: "Paystack",
	Kind:  KindPayments,
	Docs:  "https://paystack.com/docs/payments/webhooks/",
	Note: "Test and live mode have a key each. " +
		"Events carry no id of their own; `dedupe` can use `{http.webhook_receiver.body_sha256}`.",
	Signature: &Signature{Algorithm: "hmac-sha512", From: []Source{"header:X-Paystack-Signature"}},
	Event:     EventRules{Type: []Source{"body:event"}, Subject: []Source{"body:data.id"}},
	Secret:    "the *secret key* of the account, `sk_…`",
})
