package provider

import "time"

var _ = add(Row{
	Name:  "onfleet",
	Title: "Onfleet",
	Kind:  KindCommerce,
	Docs:  "https://docs.onfleet.com/reference/secrets",
	Note: "The type is the number of the trigger, such as 3 for `taskCompleted`. " +
		"A failed event is sent again every 30 minutes for a day; 300 failures in a row disable the webhook. " +
		"Events carry no id of their own; `dedupe` can use `{http.webhook_receiver.body_sha256}`.",
	Verification: &Verification{Challenge: "query:check"},
	Signature:    &Signature{Algorithm: "hmac-sha512", From: []Source{"header:X-Onfleet-Signature"}, KeyEncoding: "hex"},
	Event:        EventRules{Type: []Source{"body:triggerId"}, Subject: []Source{"body:taskId", "body:workerId"}},
	Secret:       "the *webhook secret* of the organization, in hexadecimal digits",
	Timeout:      8 * time.Second,
	Patience:     10 * time.Second,
})
