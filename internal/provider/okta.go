package provider

import "time"

var _ = add(Row{
	Name:  "okta",
	Title: "Okta event hooks",
	Kind:  KindIdentity,
	Docs:  "https://developer.okta.com/docs/concepts/event-hooks/",
	Verification: &Verification{
		Challenge:   "header:X-Okta-Verification-Challenge",
		ContentType: "application/json",
		Body:        `{"verification":"{challenge}"}`,
	},
	Signature: &Signature{Algorithm: "token", From: []Source{"header:Authorization"}},
	Event:     EventRules{ID: []Source{"body:eventId"}, Type: []Source{"body:data.events.0.eventType", "body:eventType"}},
	Secret:    "the *authentication secret* of the event hook, with *authentication field* `Authorization`",
	Timeout:   2500 * time.Millisecond,
	Patience:  3 * time.Second,
})
