package provider

var _ = add(Row{
	Name:      "viber",
	Title:     "Viber bots",
	Kind:      KindMessaging,
	Docs:      "https://developers.viber.com/docs/api/rest-bot-api/",
	Note:      "An account has one webhook. Setting it sends an event of type `webhook`, which is stored like others. The id is put together from the event's type, its `message_token` and the user of a receipt.",
	Signature: &Signature{Algorithm: "hmac-sha256", From: []Source{"header:X-Viber-Content-Signature", "query:sig"}},
	Event: EventRules{
		ID:      []Source{"{body:event}.{body:message_token}.{body:user_id}", "{body:event}.{body:message_token}"},
		Type:    []Source{"body:event"},
		Subject: []Source{"body:sender.id", "body:user_id", "body:user.id"},
	},
	Secret: "the *authentication token* of the bot",
})
