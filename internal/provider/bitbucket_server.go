package provider

var _ = add(Row{
	Name:  "bitbucket_server",
	Title: "Bitbucket Data Center",
	Kind:  KindCode,
	Docs:  "https://confluence.atlassian.com/bitbucketserver/event-payload-938025882.html",
	Note: "For Bitbucket Cloud use `bitbucket`. Give the webhook a secret: without one Bitbucket does not sign. " +
		"*Test connection*, which is not signed, is answered, and is no event. " +
		"Events have no id: dedupe by `{http.webhook_receiver.body_sha256}`. After 5 failures Bitbucket skips the webhook for a while, up to 10 hours.",
	Verification: &Verification{
		Method: "POST",
		Match:  map[Source]string{"header:X-Event-Key": "diagnostics:ping"},
	},
	Signature: &Signature{Algorithm: "hmac-sha256", From: []Source{"header:X-Hub-Signature"}, Prefix: "sha256="},
	Event: EventRules{
		Type: []Source{"body:eventKey"},
		Subject: []Source{
			"{body:repository.project.key}/{body:repository.slug}",
			"{body:pullRequest.toRef.repository.project.key}/{body:pullRequest.toRef.repository.slug}",
		},
	},
	Secret:  "the *secret* of the webhook",
	Aliases: []string{"bitbucket_data_center"},
})
