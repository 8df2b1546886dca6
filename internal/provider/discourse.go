package provider

import "time"

var _ = add(Row{
	Name:  "discourse",
	Title: "Discourse",
	Kind:  KindSocial,
	Docs:  "https://github.com/discourse/discourse/blob/main/app/jobs/regular/emit_web_hook_event.rb",
	Note: "Give the webhook a secret: without one Discourse does not sign. Both content types will do, as both bodies are JSON. " +
		"Type and subject are in headers, which are not signed. " +
		"A repeat may have an `X-Discourse-Event-Id` of its own: dedupe by `{http.webhook_receiver.body_sha256}`. " +
		"An answer 404 or 410 to the last repeat switches the webhook off.",
	Signature: &Signature{Algorithm: "hmac-sha256", From: []Source{"header:X-Discourse-Event-Signature"}, Prefix: "sha256="},
	Event: EventRules{
		Type:    []Source{"header:X-Discourse-Event", "header:X-Discourse-Event-Type"},
		Subject: []Source{"header:X-Discourse-Instance"},
	},
	Secret:   "the *secret* of the webhook",
	Patience: 20 * time.Second,
})
