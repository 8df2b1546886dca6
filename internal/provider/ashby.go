package provider

var _ = add(Row{
	Name:  "ashby",
	Title: "Ashby",
	Kind:  KindFinance,
	Docs:  "https://developers.ashbyhq.com/docs/authenticating-webhooks",
	Note: "Not signed unless the webhook has a secret token. " +
		"When one is made or changed Ashby sends a `ping`, which becomes an event; if it is refused the webhook is disabled. " +
		"Events carry no id of their own; `dedupe` can use `{http.webhook_receiver.body_sha256}`.",
	Signature: &Signature{Algorithm: "hmac-sha256", From: []Source{"header:Ashby-Signature"}, Prefix: "sha256="},
	Event:     EventRules{Type: []Source{"body:action"}},
	Secret:    "the *secret token* of the webhook",
})
