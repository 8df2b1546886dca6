package provider

var _ = add(Row{
	Name:  "pulumi",
	Title: "Pulumi Cloud",
	Kind:  KindOperations,
	Docs:  "https://www.pulumi.com/docs/pulumi-cloud/webhooks/",
	Note: "Give the webhook a secret: without one Pulumi does not sign. The type is in a header, which is not signed. " +
		"Events have no id: dedupe by `{http.webhook_receiver.body_sha256}`. Not for webhooks in the form for Slack or Microsoft Teams.",
	Signature: &Signature{Algorithm: "hmac-sha256", From: []Source{"header:Pulumi-Webhook-Signature"}},
	Event: EventRules{
		Type:    []Source{"header:Pulumi-Webhook-Kind"},
		Subject: []Source{"{body:organization.githubLogin}/{body:projectName}/{body:stackName}"},
	},
	Secret: "the *shared secret* of the webhook",
})
