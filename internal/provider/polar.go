package provider

import "time"

var _ = add(Row{
	Name:  "polar",
	Title: "Polar",
	Kind:  KindPayments,
	Docs:  "https://polar.sh/docs/integrate/webhooks/delivery",
	Note: "The endpoint's format must be *Raw*. After ten deliveries in a row that failed, Polar switches the endpoint off. " +
		"It follows no redirects.",
	Signature: keyed(standardWebhooks("webhook"), "", ""),
	Event: EventRules{
		ID:      []Source{"header:webhook-id"},
		Type:    []Source{"body:type"},
		Subject: []Source{"body:data.id"},
	},
	Timeout:  8 * time.Second,
	Patience: 10 * time.Second,
	Secret:   "the *secret* of the endpoint, as it is shown",
})
