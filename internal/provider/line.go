package provider

import "time"

var _ = add(Row{
	Name:  "line",
	Title: "LINE Messaging API",
	Kind:  KindMessaging,
	Docs:  "https://developers.line.biz/en/docs/messaging-api/verify-webhook-signature/",
	Note: "Several events come as one, with the type of the first. A repeat differs in `isRedelivery`, so `dedupe` goes by `{http.webhook_receiver.body.events.0.webhookEventId}`; " +
		"that a repeat has the same batch of events is not documented. LINE repeats events only where *Webhook redelivery* is switched on, and may suspend a webhook that fails for long. " +
		"The *Verify* button is answered, and not stored. Channels with LINE Chat Plus sign delivery completion events with the *switcher secret*, which is another `secret`.",
	Verification: &Verification{
		Method: "POST",
		Match:  map[Source]string{"body:events": "[]"},
		Signed: true,
	},
	Signature: &Signature{Algorithm: "hmac-sha256", From: []Source{"header:X-Line-Signature"}, Encoding: "base64"},
	Event:     EventRules{Type: []Source{"body:events.0.type"}, Subject: []Source{"body:destination"}},
	Secret:    "the *channel secret*",
	Timeout:   1500 * time.Millisecond,
	Patience:  2 * time.Second,
})
