package provider

import "time"

var _ = add(Row{
	Name:  "segment",
	Title: "Twilio Segment (Webhooks destination)",
	Kind:  KindCustomers,
	Docs:  "https://www.twilio.com/docs/segment/connections/destinations/catalog/actions-webhook",
	Note: "For single events. Of a batch Segment signs only the first event, so batches are refused: let it send single events. " +
		"Without a shared secret Segment doesn't sign, and its requests are refused.",
	Signature: &Signature{
		Algorithm: "hmac-sha1",
		From:      []Source{"header:X-Signature"},
	},
	Event: EventRules{
		ID:      []Source{"body:messageId"},
		Type:    []Source{"body:type"},
		Subject: []Source{"body:userId", "body:anonymousId"},
	},
	Timeout:  4 * time.Second,
	Patience: 5 * time.Second,
	Secret:   "the *shared secret* of the destination",
})
