package provider

import "time"

var _ = add(Row{
	Name:      "gitlab",
	Title:     "GitLab",
	Kind:      KindCode,
	Docs:      "https://docs.gitlab.com/user/project/integrations/webhooks/",
	Note:      "For a webhook with a *signing token* use `standard_webhooks`.",
	Signature: &Signature{Algorithm: "token", From: []Source{"header:X-Gitlab-Token"}},
	Event: EventRules{
		ID:      []Source{"header:Idempotency-Key"},
		Type:    []Source{"header:X-Gitlab-Event"},
		Subject: []Source{"body:project.path_with_namespace"},
	},
	Secret:      "the *secret token* of the webhook",
	MaxBodySize: 25 << 20,
	Timeout:     8 * time.Second,
	Patience:    10 * time.Second,
})
