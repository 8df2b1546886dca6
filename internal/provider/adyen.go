package provider

var _ = add(Row{
	Name:  "adyen",
	Title: "Adyen payments (standard webhooks)",
	Kind:  KindPayments,
	Docs:  "https://docs.adyen.com/development-resources/webhooks/secure-webhooks/verify-hmac-signatures/",
	Note: "Each item of `notificationItems` is signed by itself, and all of them are checked. Signed are `pspReference`, `originalReference`, `merchantAccountCode`, `merchantReference`, " +
		"amount, `eventCode` and `success`; nothing else is, such as `reason` or the rest of `additionalData`. " +
		"A body is stored as one event, whose type is that of the first item. There is no id of a delivery: for `dedupe` take the body's hash, `{http.webhook_receiver.body_sha256}`. " +
		"A new key takes a while to be used everywhere: have the old one as another `secret` for that time. Test and live have keys of their own. Webhooks of Adyen for Platforms are `adyen_platform`.",
	Signature: &Signature{
		Algorithm:   "hmac-sha256",
		From:        []Source{"body:notificationItems.*.NotificationRequestItem.additionalData.hmacSignature"},
		Encoding:    "base64",
		KeyEncoding: "hex",
		Content: "{item:NotificationRequestItem.pspReference}:{item:NotificationRequestItem.originalReference}:{item:NotificationRequestItem.merchantAccountCode}:" +
			"{item:NotificationRequestItem.merchantReference}:{item:NotificationRequestItem.amount.value}:{item:NotificationRequestItem.amount.currency}:" +
			"{item:NotificationRequestItem.eventCode}:{item:NotificationRequestItem.success}",
		Partial: true,
	},
	Event: EventRules{
		Type:    []Source{"body:notificationItems.0.NotificationRequestItem.eventCode"},
		Subject: []Source{"body:notificationItems.0.NotificationRequestItem.merchantAccountCode"},
		Body:    "[accepted]",
	},
	Secret: "the *HMAC key* of the webhook, in hexadecimal digits",
})
