package provider

var _ = add(Row{
	Name:  "smartsheet",
	Title: "Smartsheet",
	Kind:  KindWork,
	Docs:  "https://developers.smartsheet.com/api/smartsheet/guides/webhooks/webhook-verification",
	Note: "Smartsheet verifies the endpoint when the webhook is enabled, and again once in every 100 callbacks. One request can hold many events. It is stored as one, with the type of the first. One that tells " +
		"of the webhook's own status has none, and so no type. `dedupe` can use `{http.webhook_receiver.body.nonce}`, if repeats keep it: the documents do not say. Smartsheet reaches ports 443, 8000, 8008, 8080 and 8443 only. Another 2xx than 200, a 3xx or a 410 disables the webhook. After any other answer except 200 the request comes again, up to 14 times.",
	Verification: &Verification{
		Method:    "POST",
		Challenge: "header:Smartsheet-Hook-Challenge",
		Headers:   map[string]string{"Smartsheet-Hook-Response": "{challenge}"},
	},
	Signature: &Signature{
		Algorithm: "hmac-sha256",
		From:      []Source{"header:Smartsheet-Hmac-SHA256"},
	},
	Event: EventRules{
		Type:    []Source{"{body:events.0.objectType}.{body:events.0.eventType}"},
		Subject: []Source{"body:scopeObjectId"},
	},
	Secret: "the *sharedSecret* of the webhook, which the API tells (`GET /webhooks/{webhookId}`)",
})
