package provider

var _ = add(Row{
	Name:  "cronofy",
	Title: "Cronofy",
	Kind:  KindWork,
	Docs:  "https://docs.cronofy.com/developers/api/push-notifications/",
	Note: "A notification says that something has changed, and since when: what, is to be fetched with Cronofy's API. " +
		"There is no id: only `{http.webhook_receiver.body_sha256}` can tell a repeat.",
	Signature: &Signature{
		Algorithm: "hmac-sha256",
		From:      []Source{"header:Cronofy-HMAC-SHA256"},
		Separator: ",",
		Encoding:  "base64",
	},
	Event: EventRules{
		Type:    []Source{"body:notification.type"},
		Subject: []Source{"body:channel.channel_id", "body:scheduling_request.scheduling_request_id"},
	},
	Secret: "the *client secret* of the application",
})
