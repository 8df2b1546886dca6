package provider

var _ = add(Row{
	Name:  "plivo_messaging",
	Title: "Plivo messages",
	Kind:  KindMessaging,
	Docs:  "https://docs.plivo.com/docs/messaging/concepts/signature-validation",
	Note: "**The message itself is not signed**, only the URL and a nonce: whoever sees a request could send another message with them. A nonce is taken with one body only. " +
		"The URL that Plivo is given must have no query, and its method must be POST; behind another proxy `public_url` must be that URL. " +
		"Not for calls, which are signed in another way. `dedupe` can go by `{http.webhook_receiver.body_sha256}`.",
	Signature: &Signature{
		Algorithm: "hmac-sha256",
		From:      []Source{"header:X-Plivo-Signature-V2", "header:X-Plivo-Signature-Ma-V2"},
		Encoding:  "base64",
		Content:   "{url}{header:X-Plivo-Signature-V2-Nonce}",
		Partial:   true,
		Nonce:     "header:X-Plivo-Signature-V2-Nonce",
	},
	Event: EventRules{
		Type:        []Source{"form:Status", "form:Type"},
		Subject:     []Source{"form:MessageUUID"},
		ContentType: "text/xml",
		Body:        "<Response/>",
	},
	Accept: "any",
	Secret: "the *auth token* of the account, or of the main account",
})
