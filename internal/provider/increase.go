package provider

var _ = add(Row{
	Name:      "increase",
	Title:     "Increase",
	Kind:      KindFinance,
	Docs:      "https://increase.com/documentation/webhooks",
	Note:      "Heartbeats come as events of the type `group.heartbeat`.",
	Signature: keyed(standardWebhooks("webhook"), "", ""),
	Event: EventRules{
		ID:      []Source{"body:id"},
		Type:    []Source{"body:category"},
		Subject: []Source{"body:associated_object_id"},
	},
	Secret: "the *shared secret* that you chose for the event subscription, as it is",
})
