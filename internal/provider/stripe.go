package provider

import "time"

var _ = add(Row{
	Name:  "stripe",
	Title: "Stripe",
	Kind:  KindPayments,
	Docs:  "https://docs.stripe.com/webhooks/signature",
	Signature: &Signature{
		Algorithm: "hmac-sha256",
		From:      []Source{"header:Stripe-Signature"},
		Separator: ",",
		Prefix:    "v1=",
		Content:   "{timestamp}.{body}",
		Timestamp: []Source{"signature:t="},
	},
	Event:   EventRules{ID: []Source{"body:id"}, Type: []Source{"body:type"}, Subject: []Source{"body:data.object.id"}},
	Secret:  "the *signing secret* of the endpoint, `whsec_…`",
	Timeout: 8 * time.Second,
})
