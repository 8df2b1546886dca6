package provider

import "time"

var _ = add(Row{
	Name:  "circleci",
	Title: "CircleCI",
	Kind:  KindCode,
	Docs:  "https://circleci.com/docs/outbound-webhooks/",
	Note:  "Give the webhook a secret: without one CircleCI does not sign.",
	Signature: &Signature{
		Algorithm: "hmac-sha256",
		From:      []Source{"header:circleci-signature"},
		Separator: ",",
		Prefix:    "v1=",
	},
	Event:    EventRules{ID: []Source{"body:id"}, Type: []Source{"body:type"}, Subject: []Source{"body:project.slug"}},
	Secret:   "the *secret token* of the webhook",
	Timeout:  8 * time.Second,
	Patience: 10 * time.Second,
})
