package provider

var _ = add(Row{
	Name:  "cal_com",
	Title: "Cal.com",
	Kind:  KindWork,
	Docs:  "https://cal.com/docs/developing/guides/automation/webhooks",
	Note: "Without a secret Cal.com doesn't sign, and its requests are refused. " +
		"A custom payload template decides what is in the body: keep `triggerEvent` in it for the type. " +
		"There is no id: only `{http.webhook_receiver.body_sha256}` can tell a repeat. " +
		"Cal.com follows no redirects.",
	Signature: &Signature{
		Algorithm: "hmac-sha256",
		From:      []Source{"header:X-Cal-Signature-256"},
	},
	Event: EventRules{
		Type:    []Source{"body:triggerEvent"},
		Subject: []Source{"body:payload.uid"},
	},
	Accept: "any",
	Secret: "the *secret* of the webhook",
})
