package provider

import "time"

var _ = add(Row{
	Name:  "pusher",
	Title: "Pusher Channels",
	Kind:  KindMessaging,
	Docs:  "https://pusher.com/docs/channels/server_api/webhooks/",
	Note: "With *batch events* several events come as one, with the type and channel of the first. Events have no id: `dedupe` can go by `{http.webhook_receiver.body_sha256}`. " +
		"Pusher signs with the oldest active token of the app, whose key is in `X-Pusher-Key`. For Pusher Beams use `pusher_beams`.",
	Signature: &Signature{Algorithm: "hmac-sha256", From: []Source{"header:X-Pusher-Signature"}},
	Event:     EventRules{Type: []Source{"body:events.0.name"}, Subject: []Source{"body:events.0.channel"}},
	Secret:    "the *secret* of the app's token",
	Timeout:   3 * time.Second,
	Patience:  4 * time.Second,
})
