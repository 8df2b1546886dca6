package provider

import "time"

var _ = add(Row{
	Name:  "front_rule",
	Title: "Front (rule webhooks)",
	Kind:  KindCustomers,
	Docs:  "https://dev.frontapp.com/docs/rule-webhooks",
	Note: "For the webhooks of rules. Those of an application are signed in another way and refused. " +
		"Front doesn't repeat an event that failed.",
	Signature: &Signature{
		Algorithm: "hmac-sha1",
		From:      []Source{"header:X-Front-Signature"},
		Encoding:  "base64",
	},
	Event: EventRules{
		ID:      []Source{"body:id"},
		Type:    []Source{"body:type"},
		Subject: []Source{"body:conversation.id"},
	},
	Timeout:  4 * time.Second,
	Patience: 5 * time.Second,
	Secret:   "the *API secret*",
})
