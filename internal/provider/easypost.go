package provider

var _ = add(Row{
	Name:  "easypost",
	Title: "EasyPost",
	Kind:  KindCommerce,
	Docs:  "https://www.easypost.com/webhooks-guide",
	Note:  "Events are signed only where the webhook has a secret. Signatures in `X-Hmac-Signature-V2` are not looked at.",
	Signature: &Signature{
		Algorithm:   "hmac-sha256",
		From:        []Source{"header:X-Hmac-Signature"},
		Prefix:      "hmac-sha256-hex=",
		KeyEncoding: "nfkd",
	},
	Event:  EventRules{ID: []Source{"body:id"}, Type: []Source{"body:description"}, Subject: []Source{"body:result.id"}},
	Secret: "the `webhook_secret` of the webhook",
})
