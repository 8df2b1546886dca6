package provider

var _ = add(Row{
	Name:      "stytch",
	Title:     "Stytch",
	Kind:      KindIdentity,
	Docs:      "https://stytch.com/docs/workspace-management/webhooks",
	Note:      "Stytch sends by Svix: headers `svix-…` and `webhook-…` are both taken, as Svix's own libraries do.",
	Signature: standardWebhooks("svix", "webhook"),
	Event: EventRules{
		ID:      []Source{"body:event_id"},
		Type:    []Source{"{body:source}.{body:object_type}.{body:action}"},
		Subject: []Source{"body:id"},
	},
	Secret: "the *signing secret* of the endpoint, `whsec_…`",
})
