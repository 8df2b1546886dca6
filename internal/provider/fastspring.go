package provider

var _ = add(Row{
	Name:  "fastspring",
	Title: "FastSpring",
	Kind:  KindPayments,
	Docs:  "https://developer.fastspring.com/docs/message-security",
	Note: "Give the webhook an *HMAC SHA256 secret*: without one FastSpring does not sign. " +
		"A request may have several events, and becomes one; the type is that of the first. " +
		"Each has an id, which repeats keep, except those that are asked for by hand.",
	Signature: &Signature{Algorithm: "hmac-sha256", From: []Source{"header:X-FS-Signature"}, Encoding: "base64"},
	Event:     EventRules{Type: []Source{"body:events.0.type"}},
	Secret:    "the *HMAC SHA256 secret* of the webhook",
})
