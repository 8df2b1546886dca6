package provider

var _ = add(Row{
	Name:      "lemon_squeezy",
	Title:     "Lemon Squeezy",
	Kind:      KindPayments,
	Docs:      "https://docs.lemonsqueezy.com/help/webhooks/signing-requests",
	Note:      "A failed event is sent again three times within three minutes. Events carry no id of their own; `dedupe` can use `{http.webhook_receiver.body_sha256}`.",
	Signature: &Signature{Algorithm: "hmac-sha256", From: []Source{"header:X-Signature"}},
	Event:     EventRules{Type: []Source{"body:meta.event_name"}, Subject: []Source{"body:data.id"}},
	Secret:    "the *signing secret* of the webhook",
})
