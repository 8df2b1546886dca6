package provider

var _ = add(Row{
	Name:  "ashby",
	Title: "Ashby",
	Kind:  KindFinance,
	Docs:  "https://developers.ashbyhq.com/docs/authenticating-webhooks",
	Note: "Give the webhook a secret token: without one Ashby does not sign. " +
		"When a webhook is made or changed, Ashby sends a `ping`, which becomes an event; if it is refused the webhook is disabled. " +
		"What is answered 401, for a wrong secret, is not sent again. " +
		"Several webhooks for the same event send it with the same id.",
	Signature: &Signature{Algorithm: "hmac-sha256", From: []Source{"header:Ashby-Signature"}, Prefix: "sha256="},
	Event:     EventRules{ID: []Source{"body:webhookActionId"}, Type: []Source{"body:action"}},
	Secret:    "the *secret token* of the webhook",
})
