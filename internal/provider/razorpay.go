package provider

import "time"

var _ = add(Row{
	Name:  "razorpay",
	Title: "Razorpay",
	Kind:  KindPayments,
	Docs:  "https://razorpay.com/docs/webhooks/validate-test/",
	Note: "The id is in a header, which is not signed. After a change of the secret repeats are still signed with the old one: give both for a day. " +
		"A webhook that has failed for 24 hours is disabled.",
	Signature: &Signature{Algorithm: "hmac-sha256", From: []Source{"header:X-Razorpay-Signature"}},
	Event: EventRules{
		ID:   []Source{"header:x-razorpay-event-id"},
		Type: []Source{"body:event"},
		Subject: []Source{
			"body:payload.subscription.entity.id", "body:payload.order.entity.id", "body:payload.payment.entity.id", "body:account_id",
		},
	},
	Secret:   "the *secret* of the webhook",
	Timeout:  4 * time.Second,
	Patience: 5 * time.Second,
})
