package provider

var _ = add(Row{
	Name:  "bigcommerce",
	Title: "BigCommerce",
	Kind:  KindCommerce,
	Docs:  "https://developer.bigcommerce.com/docs/integrations/webhooks",
	Note: "Where fewer than 90 % of the deliveries to a domain succeed within two minutes, BigCommerce sends nothing to it for three minutes. " +
		"After the last repeat of an event, two days later, it switches the webhook off. " +
		"The webhook's URL must have port 443.",
	Signature: keyed(standardWebhooks("webhook"), "", ""),
	Event: EventRules{
		ID:      []Source{"header:webhook-id"},
		Type:    []Source{"body:scope"},
		Subject: []Source{"body:data.id"},
	},
	Secret: "the *client secret* of the app or API account that made the webhook, as it is",
})
