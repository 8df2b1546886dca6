package provider

var _ = add(Row{
	Name:  "terraform",
	Title: "HCP Terraform and Terraform Enterprise",
	Kind:  KindOperations,
	Docs:  "https://developer.hashicorp.com/terraform/cloud-docs/api-docs/notification-configurations",
	Note: "The notification's destination must be of the type *generic*, and have a token: others are not signed. " +
		"The request that verifies it becomes an event. " +
		"Events carry no id of their own; `dedupe` can use `{http.webhook_receiver.body_sha256}`.",
	Signature: &Signature{Algorithm: "hmac-sha512", From: []Source{"header:X-TFE-Notification-Signature"}},
	Event: EventRules{
		Type:    []Source{"body:trigger", "body:notifications.0.trigger"},
		Subject: []Source{"body:run_id", "body:details.workspace_id"},
	},
	Secret: "the *token* of the notification configuration",
})
