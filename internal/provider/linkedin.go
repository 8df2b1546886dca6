package provider

import "time"

var _ = add(Row{
	Name:  "linkedin",
	Title: "LinkedIn",
	Kind:  KindSocial,
	Docs:  "https://learn.microsoft.com/en-us/linkedin/shared/api-guide/webhook-validation",
	Verification: &Verification{
		Challenge:   "query:challengeCode",
		HMAC:        "hex",
		ContentType: "application/json",
		Body:        `{"challengeCode":"{challenge}","challengeResponse":"{hmac}"}`,
	},
	Signature: &Signature{Algorithm: "hmac-sha256", From: []Source{"header:X-LI-Signature"}, Content: "hmacsha256={body}"},
	Event:     EventRules{Type: []Source{"body:type"}},
	Secret:    "the *client secret* of the app",
	Timeout:   2500 * time.Millisecond,
	Patience:  3 * time.Second,
})
