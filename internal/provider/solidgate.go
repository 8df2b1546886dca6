package provider

import "time"

var _ = add(Row{
	Name:  "solidgate",
	Title: "Solidgate",
	Kind:  KindPayments,
	Docs:  "https://docs.solidgate.com/payments/integrate/access-to-api/",
	Note: "Webhooks have a pair of keys of their own, `wh_pk_…` and `wh_sk_…`: those of the API, `api_…`, are others. " +
		"Webhooks of version 2 of the API are signed in another way, and are refused. " +
		"The event's id comes in a header, which is not signed.",
	Signature: &Signature{
		Algorithm: "hmac-sha512",
		From:      []Source{"header:Signature"},
		Encoding:  "base64_hex",
		Content:   "{header:Merchant}{body}{header:Merchant}",
	},
	Event:    EventRules{ID: []Source{"header:Solidgate-Event-Id"}, Subject: []Source{"body:order.order_id"}},
	Secret:   "the *secret key* for webhooks, `wh_sk_…`",
	Timeout:  24 * time.Second,
	Patience: 30 * time.Second,
})
