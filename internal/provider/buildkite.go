package provider

var _ = add(Row{
	Name:  "buildkite",
	Title: "Buildkite",
	Kind:  KindCode,
	Docs:  "https://buildkite.com/docs/apis/webhooks",
	Note: "Needs the mode in which Buildkite signs, with `X-Buildkite-Signature`: by default it sends the token itself. " +
		"Events have no id: dedupe by `{http.webhook_receiver.body_sha256}`.",
	Signature: &Signature{
		Algorithm: "hmac-sha256",
		From:      []Source{"header:X-Buildkite-Signature"},
		Separator: ",",
		Prefix:    "signature=",
		Content:   "{timestamp}.{body}",
		Timestamp: []Source{"signature:timestamp="},
	},
	Event:  EventRules{Type: []Source{"body:event"}, Subject: []Source{"body:pipeline.slug"}},
	Secret: "the *token* of the notification service",
})
