package provider

var _ = add(Row{
	Name:  "ably",
	Title: "Ably",
	Kind:  KindMessaging,
	Docs:  "https://ably.com/docs/platform/integrations/webhooks",
	Note: "The integration must send batches, in JSON, and sign them with a key: single requests are not signed. " +
		"A batch becomes one event; type and subject are those of the first item. " +
		"A repeat may have more items than the first attempt, so use the items' `serial` to find them again.",
	Signature: &Signature{Algorithm: "hmac-sha256", From: []Source{"header:X-Ably-Signature"}, Encoding: "base64"},
	Event:     EventRules{Type: []Source{"body:items.0.source"}, Subject: []Source{"body:items.0.data.channelId"}},
	Secret:    "the part of the *API key* after the colon",
})
