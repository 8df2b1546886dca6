package provider

var _ = add(Row{
	Name:      "chargebee",
	Title:     "Chargebee",
	Kind:      KindPayments,
	Docs:      "https://www.chargebee.com/docs/billing/2.0/site-configuration/webhook_settings",
	Note:      "Switch on *basic authentication* of the webhook, which Chargebee leaves off. Events may come in another order than they happened.",
	Signature: &Signature{Algorithm: "token", From: []Source{"header:Authorization"}, Prefix: "Basic ", Encoding: "base64"},
	Event: EventRules{
		ID:      []Source{"body:id"},
		Type:    []Source{"body:event_type"},
		Subject: []Source{"body:content.subscription.id", "body:content.invoice.id", "body:content.customer.id"},
	},
	Secret: "user and password of the webhook's basic authentication, as `user:password`",
})
