package provider

import "time"

var _ = add(Row{
	Name:  "meta",
	Title: "Meta (Facebook, Instagram, Messenger, WhatsApp)",
	Kind:  KindSocial,
	Docs:  "https://developers.facebook.com/docs/graph-api/webhooks/getting-started",
	Verification: &Verification{
		Match:     map[Source]string{"query:hub.mode": "subscribe"},
		Challenge: "query:hub.challenge",
		Token:     "query:hub.verify_token",
	},
	Signature: &Signature{Algorithm: "hmac-sha256", From: []Source{"header:X-Hub-Signature-256"}, Prefix: "sha256="},
	Event:     EventRules{Type: []Source{"body:object"}, Subject: []Source{"body:entry.0.id"}},
	Token:     "the *verify token* of the webhook",
	Secret:    "the *app secret*",
	Timeout:   8 * time.Second,
})
