package provider

var _ = add(Row{
	Name:  "docusign",
	Title: "Docusign Connect",
	Kind:  KindIdentity,
	Docs:  "https://developers.docusign.com/platform/webhooks/connect/validate",
	Note: "Switch on *HMAC* of the configuration: without it Docusign does not sign. Of several keys one will do. " +
		"Only JSON has type and subject; XML is stored as it was sent. " +
		"A repeat has another `retryCount` in the body, and events have no id. " +
		"With the documents in it a body may be larger than `max_body_size`.",
	Signature: &Signature{Algorithm: "hmac-sha256", From: []Source{"header:X-DocuSign-Signature-*"}, Encoding: "base64"},
	Event:     EventRules{Type: []Source{"body:event"}, Subject: []Source{"body:data.envelopeId"}},
	Accept:    "any",
	Secret:    "a *Connect key* (HMAC) of the account",
})
