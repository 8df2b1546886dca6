package provider

var _ = add(Row{
	Name:  "pagerduty",
	Title: "PagerDuty (V3 webhooks)",
	Kind:  KindOperations,
	Docs:  "https://github.com/PagerDuty/go-pagerduty/blob/main/webhookv3/webhookv3.go",
	Note:  "V2 webhooks, which are extensions of a service, are not signed and not taken.",
	Signature: &Signature{
		Algorithm: "hmac-sha256",
		From:      []Source{"header:X-PagerDuty-Signature"},
		Separator: ",",
		Prefix:    "v1=",
	},
	Event:  EventRules{ID: []Source{"body:event.id"}, Type: []Source{"body:event.event_type"}, Subject: []Source{"body:event.data.id"}},
	Secret: "the *secret* of the webhook subscription",
})
