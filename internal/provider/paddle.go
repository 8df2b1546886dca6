package provider

import "time"

var _ = add(Row{
	Name:  "paddle",
	Title: "Paddle Billing",
	Kind:  KindPayments,
	Docs:  "https://developer.paddle.com/webhooks/signature-verification",
	Signature: &Signature{
		Algorithm: "hmac-sha256",
		From:      []Source{"header:Paddle-Signature"},
		Separator: ";",
		Prefix:    "h1=",
		Content:   "{timestamp}:{body}",
		Timestamp: []Source{"signature:ts="},
	},
	Event:    EventRules{ID: []Source{"body:event_id"}, Type: []Source{"body:event_type"}, Subject: []Source{"body:data.id"}},
	Secret:   "the *secret key* of the notification destination",
	Timeout:  4 * time.Second,
	Patience: 5 * time.Second,
})
