package provider

import "time"

var _ = add(Row{
	Name:  "modern_treasury",
	Title: "Modern Treasury",
	Kind:  KindFinance,
	Docs:  "https://docs.moderntreasury.com/platform/reference/webhooks",
	Note:  "The id is in a header that is not signed.",
	Signature: &Signature{
		Algorithm: "hmac-sha256",
		From:      []Source{"header:X-Signature"},
	},
	Event: EventRules{
		ID:      []Source{"header:X-Webhook-ID"},
		Type:    []Source{"{body:data.object}.{body:event}"},
		Subject: []Source{"body:data.id"},
	},
	Timeout:  4 * time.Second,
	Patience: 5 * time.Second,
	Secret:   "the *webhook key*",
})
