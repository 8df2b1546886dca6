package provider

var _ = add(Row{
	Name:  "stytch",
	Title: "Stytch",
	Kind:  KindIdentity,
	Docs:  "https://stytch.com/docs/workspace-management/webhooks",
	Note:  "Stytch sends by Svix: headers `svix-…` and `webhook-…` are both taken, as Svix's own libraries do.",
	Signature: &Signature{
		Algorithm:   "hmac-sha256",
		From:        []Source{"header:svix-signature", "header:webhook-signature"},
		Separator:   " ",
		Prefix:      "v1,",
		Encoding:    "base64",
		KeyEncoding: "base64",
		KeyPrefix:   "whsec_",
		Content:     "{id}.{timestamp}.{body}",
		ID:          []Source{"header:svix-id", "header:webhook-id"},
		Timestamp:   []Source{"header:svix-timestamp", "header:webhook-timestamp"},
	},
	Event: EventRules{
		ID:      []Source{"body:event_id"},
		Type:    []Source{"{body:source}.{body:object_type}.{body:action}"},
		Subject: []Source{"body:id"},
	},
	Secret: "the *signing secret* of the endpoint, `whsec_…`",
})
