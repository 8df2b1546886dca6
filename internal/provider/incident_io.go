package provider

var _ = add(Row{
	Name:  "incident_io",
	Title: "incident.io",
	Kind:  KindOperations,
	Docs:  "https://docs.incident.io/integrations/webhooks",
	Note: "Events may come in any order. " +
		"After five days of failures incident.io switches the endpoint off.",
	Signature: standardWebhooks("webhook"),
	Event: EventRules{
		ID:   []Source{"header:webhook-id"},
		Type: []Source{"body:event_type"},
	},
	Secret: "the *signing secret* of the endpoint, `whsec_…`",
})
