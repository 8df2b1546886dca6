package provider

import "time"

var _ = add(Row{
	Name:  "x",
	Title: "X (Twitter)",
	Kind:  KindSocial,
	Docs:  "https://docs.x.com/x-api/webhooks/introduction",
	Verification: &Verification{
		Challenge:   "query:crc_token",
		HMAC:        "base64",
		ContentType: "application/json",
		Body:        `{"response_token":"sha256={hmac}"}`,
	},
	Signature: &Signature{Algorithm: "hmac-sha256", From: []Source{"header:x-twitter-webhooks-signature"}, Prefix: "sha256=", Encoding: "base64"},
	Event:     EventRules{Subject: []Source{"body:for_user_id"}},
	Secret:    "the *consumer secret* of the app",
	Timeout:   2500 * time.Millisecond,
	Patience:  3 * time.Second,
})
