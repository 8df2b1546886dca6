package provider

var _ = add(Row{
	Name:  "deel",
	Title: "Deel",
	Kind:  KindFinance,
	Docs:  "https://developer.deel.com/docs/webhooks-get-started",
	Note: "Several subscriptions for one endpoint have a key each, and all can be given as secrets. " +
		"Not all events have an id. `dedupe` can use `{http.webhook_receiver.body_sha256}`, but misses a repeat if Deel gives it another `timestamp`.",
	Signature: &Signature{Algorithm: "hmac-sha256", From: []Source{"header:X-Deel-Signature"}, Content: "POST{body}"},
	Event:     EventRules{Type: []Source{"body:data.meta.event_type"}},
	Secret:    "the *signing key* of the webhook subscription",
})
