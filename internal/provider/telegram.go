package provider

var _ = add(Row{
	Name:  "telegram",
	Title: "Telegram Bot API",
	Kind:  KindMessaging,
	Docs:  "https://core.telegram.org/bots/api#setwebhook",
	Note: "Give `setWebhook` a `secret_token`: without one Telegram sends no token, and what it sends is refused. The URL's port must be 443, 80, 88 or 8443. " +
		"Answers 410 for a day close the webhook.",
	Signature: &Signature{Algorithm: "token", From: []Source{"header:X-Telegram-Bot-Api-Secret-Token"}},
	Event: EventRules{
		ID:   []Source{"body:update_id"},
		Type: []Source{"key:update_id"},
		Subject: []Source{
			"body:message.chat.id", "body:edited_message.chat.id",
			"body:channel_post.chat.id", "body:edited_channel_post.chat.id",
		},
	},
	Secret: "the `secret_token` that `setWebhook` was given",
})
