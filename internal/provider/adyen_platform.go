package provider

import "time"

var _ = add(Row{
	Name:  "adyen_platform",
	Title: "Adyen for Platforms and Adyen's Management API",
	Kind:  KindPayments,
	Docs:  "https://docs.adyen.com/development-resources/webhooks/secure-webhooks/verify-hmac-signatures/",
	Note: "Not for standard payment webhooks, which have their signatures in the body. Events are signed only where the webhook has an HMAC key; that of the test environment is another one. " +
		"After a new key has been made, give both for some time. Events have no id: `dedupe` can go by `{http.webhook_receiver.body_sha256}`. " +
		"The URL's port must be 443, 8443 or 8843.",
	Signature: &Signature{
		Algorithm:   "hmac-sha256",
		From:        []Source{"header:HmacSignature"},
		Encoding:    "base64",
		KeyEncoding: "hex",
	},
	Event: EventRules{
		Type:    []Source{"body:type"},
		Subject: []Source{"body:data.accountHolder.id", "body:data.balanceAccount.id", "body:data.merchantId", "body:data.id"},
	},
	Secret:   "the *HMAC key* of the webhook, 64 hexadecimal digits",
	Timeout:  8 * time.Second,
	Patience: 10 * time.Second,
})
