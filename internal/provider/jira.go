package provider

var _ = add(Row{
	Name:  "jira",
	Title: "Jira",
	Kind:  KindWork,
	Docs:  "https://confluence.atlassian.com/adminjiraserver/managing-webhooks-938846912.html",
	Note: "For Data Center, and for Cloud's webhooks that an administrator made (*System*, *WebHooks*). " +
		"Give the webhook a secret: without one Jira does not sign. Webhooks of Connect and OAuth apps are signed otherwise, and are refused. " +
		"The id is in a header, which is not signed; Data Center has none: dedupe by `{http.webhook_receiver.body_sha256}` there.",
	Signature: &Signature{Algorithm: "hmac-sha256", From: []Source{"header:X-Hub-Signature"}, Prefix: "sha256="},
	Event: EventRules{
		ID:      []Source{"header:X-Atlassian-Webhook-Identifier"},
		Type:    []Source{"body:webhookEvent"},
		Subject: []Source{"body:issue.key"},
	},
	Secret: "the *secret* of the webhook",
})
