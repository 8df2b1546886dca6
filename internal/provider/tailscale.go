package provider

var _ = add(Row{
	Name:  "tailscale",
	Title: "Tailscale",
	Kind:  KindOperations,
	Docs:  "https://tailscale.com/kb/1213/webhooks",
	Note: "A body is an array of events, and is stored as one event; type and subject are those of the first. " +
		"Events have no id: dedupe by `{http.webhook_receiver.body_sha256}`. The URL's port must be 80 or 443. " +
		"Not for webhooks in the form for Slack, Mattermost, Google Chat or Discord.",
	Signature: &Signature{
		Algorithm: "hmac-sha256",
		From:      []Source{"header:Tailscale-Webhook-Signature"},
		Separator: ",",
		Prefix:    "v1=",
		Content:   "{timestamp}.{body}",
		Timestamp: []Source{"signature:t="},
	},
	Event:  EventRules{Type: []Source{"body:0.type"}, Subject: []Source{"body:0.tailnet"}},
	Secret: "the *secret* of the webhook endpoint, `tskey-webhook-…`",
})
