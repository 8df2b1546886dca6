package provider

import "time"

var _ = add(Row{
	Name:  "calendly",
	Title: "Calendly",
	Kind:  KindWork,
	Docs:  "https://developer.calendly.com/api-docs/overview/webhooks/webhook-signatures",
	Note: "With a personal access token, create the subscription with a `signing_key`: without one Calendly does not sign. " +
		"After failures for 24 hours Calendly disables the subscription, and it must be made anew. " +
		"Events have no id: dedupe by `{http.webhook_receiver.body_sha256}`.",
	Signature: &Signature{
		Algorithm: "hmac-sha256",
		From:      []Source{"header:Calendly-Webhook-Signature"},
		Separator: ",",
		Prefix:    "v1=",
		Content:   "{timestamp}.{body}",
		Timestamp: []Source{"signature:t="},
	},
	Event:    EventRules{Type: []Source{"body:event"}, Subject: []Source{"body:payload.uri"}},
	Secret:   "the *webhook signing key*, of the subscription or of the OAuth application",
	Timeout:  12 * time.Second,
	Patience: 15 * time.Second,
})
