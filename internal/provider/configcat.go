package provider

var _ = add(Row{
	Name:  "configcat",
	Title: "ConfigCat",
	Kind:  KindCode,
	Docs:  "https://configcat.com/docs/advanced/notifications-webhooks/",
	Note: "The method must be POST, and the request needs a body, which is what you write there: so events have no type. " +
		"A repeat has another id; `dedupe` can use `{http.webhook_receiver.body_sha256}` only where the body differs from change to change.",
	Signature: &Signature{
		Algorithm: "hmac-sha256",
		From:      []Source{"header:X-ConfigCat-Webhook-Signature-V1"},
		Separator: ",",
		Encoding:  "base64",
		Content:   "{id}{timestamp}{body}",
		ID:        []Source{"header:X-ConfigCat-Webhook-ID"},
		Timestamp: []Source{"header:X-ConfigCat-Webhook-Timestamp"},
	},
	Accept: "any",
	Secret: "a *signing key* of the product, `configcat_whsk_…`",
})
