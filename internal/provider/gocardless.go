package provider

import "time"

var _ = add(Row{
	Name:  "gocardless",
	Title: "GoCardless",
	Kind:  KindPayments,
	Docs:  "https://developer.gocardless.com/api-reference/",
	Note: "Several events come as one, with the type of the first. `dedupe` can go by `{http.webhook_receiver.body.events.0.id}`; that a repeat has the same batch of events is not documented. " +
		"A signature that is not right is answered 498, as GoCardless wants it.",
	Signature: &Signature{Algorithm: "hmac-sha256", From: []Source{"header:Webhook-Signature"}},
	Event: EventRules{
		Type: []Source{"{body:events.0.resource_type}.{body:events.0.action}"},
		Subject: []Source{
			"body:events.0.links.subscription", "body:events.0.links.payment",
			"body:events.0.links.mandate", "body:events.0.links.payout",
		},
		Refused: 498,
	},
	Secret:   "the *secret* of the webhook endpoint",
	Timeout:  8 * time.Second,
	Patience: 10 * time.Second,
})
