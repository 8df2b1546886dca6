package provider

var _ = add(Row{
	Name:      "resend",
	Title:     "Resend",
	Kind:      KindMessaging,
	Docs:      "https://resend.com/docs/dashboard/webhooks/verify-webhooks-requests",
	Signature: standardWebhooks("svix"),
	Event: EventRules{
		ID:      []Source{"header:svix-id"},
		Type:    []Source{"body:type"},
		Subject: []Source{"body:data.email_id", "body:data.id"},
	},
	Secret: "the *signing secret* of the webhook, `whsec_…`",
})
