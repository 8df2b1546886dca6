package provider

import "time"

var _ = add(Row{
	Name:  "bitbucket",
	Title: "Bitbucket Cloud",
	Kind:  KindCode,
	Docs:  "https://support.atlassian.com/bitbucket-cloud/docs/manage-webhooks/",
	Note: "For Bitbucket Data Center use `bitbucket_server`. Give the webhook a secret: without one Bitbucket does not sign. " +
		"The type is in a header, which is not signed; events have no id: dedupe by `{http.webhook_receiver.body_sha256}`. " +
		"Bitbucket repeats after an answer of 500 or more only, twice at most, and never sends a body of more than 256 KB.",
	Signature: &Signature{Algorithm: "hmac-sha256", From: []Source{"header:X-Hub-Signature"}, Prefix: "sha256="},
	Event:     EventRules{Type: []Source{"header:X-Event-Key"}, Subject: []Source{"body:repository.full_name"}},
	Secret:    "the *secret* of the webhook",
	Timeout:   8 * time.Second,
	Patience:  10 * time.Second,
})
