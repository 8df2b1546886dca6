package provider

var _ = add(Row{
	Name:  "commercelayer",
	Title: "Commerce Layer",
	Kind:  KindCommerce,
	Docs:  "https://docs.commercelayer.io/developers/callbacks-security",
	Note: "The topic comes in a header, which is not signed. " +
		"Events carry no id of their own; `dedupe` can use `{http.webhook_receiver.body_sha256}`. " +
		"After many failures in a row Commerce Layer sends no more, until the circuit of the webhook is reset.",
	Signature: &Signature{Algorithm: "hmac-sha256", From: []Source{"header:X-CommerceLayer-Signature"}, Encoding: "base64"},
	Event:     EventRules{Type: []Source{"header:X-CommerceLayer-Topic"}, Subject: []Source{"body:data.id"}},
	Secret:    "the *shared secret* of the webhook",
})
