package provider

var _ = add(Row{
	Name:      "lithic",
	Title:     "Lithic",
	Kind:      KindFinance,
	Docs:      "https://github.com/lithic-com/lithic-python/blob/main/src/lithic/resources/webhooks.py",
	Signature: standardWebhooks("webhook"),
	Event: EventRules{
		ID:      []Source{"header:webhook-id"},
		Type:    []Source{"body:event_type"},
		Subject: []Source{"body:token", "body:card_token"},
	},
	Secret: "the *secret* of the event subscription, `whsec_…`",
})
