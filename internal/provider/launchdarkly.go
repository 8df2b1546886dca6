package provider

var _ = add(Row{
	Name:      "launchdarkly",
	Title:     "LaunchDarkly",
	Kind:      KindCode,
	Docs:      "https://launchdarkly.com/docs/integrations/webhooks",
	Note:      "Give the webhook a secret: without one LaunchDarkly does not sign. A failed event is sent again once.",
	Signature: &Signature{Algorithm: "hmac-sha256", From: []Source{"header:X-LD-Signature"}},
	Event:     EventRules{ID: []Source{"body:_id"}, Type: []Source{"{body:kind}.{body:accesses.0.action}"}},
	Secret:    "the *secret* of the webhook",
})
