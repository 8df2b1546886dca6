package provider

var _ = add(Row{
	Name:      "typeform",
	Title:     "Typeform",
	Kind:      KindWork,
	Docs:      "https://www.typeform.com/developers/webhooks/secure-your-webhooks/",
	Note:      "Give the webhook a secret: without one Typeform does not sign.",
	Signature: &Signature{Algorithm: "hmac-sha256", From: []Source{"header:Typeform-Signature"}, Prefix: "sha256=", Encoding: "base64"},
	Event: EventRules{
		ID:      []Source{"body:event_id"},
		Type:    []Source{"body:event_type"},
		Subject: []Source{"body:form_response.form_id"},
	},
	Secret: "the *secret* of the webhook",
})
