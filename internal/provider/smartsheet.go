package provider

var _ = add(Row{
	Name:  "smartsheet",
	Title: "Smartsheet",
	Kind:  KindWork,
	Docs:  "https://developers.smartsheet.com/api/smartsheet/guides/webhooks/webhook-verification",
	Note: "Smartsheet verifies the endpoint when the webhook is enabled, and again once in every 100 callbacks. One request holds up to many events, and is stored as one, of the type of the first; one that tells " +
		"of the webhook's own status has none, and so no type. `dedupe` can use `{http.webhook_receiver.body.nonce}`, if repeats keep it, of which the documents say nothing. Smartsheet reaches ports 443, 8000, 8008, 8080 and 8443 only. What is not answered with a 200 comes again, up to 14 times, except that another 2xx, a 3xx or a 410 disables the webhook.",
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
