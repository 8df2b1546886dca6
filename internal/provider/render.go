package provider

import "time"

var _ = add(Row{
	Name:      "render",
	Title:     "Render",
	Kind:      KindOperations,
	Docs:      "https://render.com/docs/webhooks",
	Note:      "An event names what has happened, and to which service: details are to be fetched with Render's API.",
	Signature: standardWebhooks("webhook"),
	Event: EventRules{
		ID:      []Source{"body:data.id"},
		Type:    []Source{"body:type"},
		Subject: []Source{"body:data.serviceId"},
	},
	Timeout:  12 * time.Second,
	Patience: 15 * time.Second,
	Secret:   "the *signing secret* of the webhook, `whsec_…`",
})
