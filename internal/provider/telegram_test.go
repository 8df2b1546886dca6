package provider_test

var _ = add("telegram", []vector{
	{
		by:      byToken,
		secret:  "telegram-secret_token",
		headers: []string{"X-Telegram-Bot-Api-Secret-Token", "telegram-secret_token"},
		body:    `{"update_id":10001,"message":{"message_id":2,"date":1767225600,"chat":{"id":1111111,"type":"private"},"text":"x"}}`,
		id:      "10001", kind: "message", subject: "1111111",
		says: "token",
	},
	{
		by:      byToken,
		secret:  "telegram-secret_token",
		headers: []string{"X-Telegram-Bot-Api-Secret-Token", "telegram-secret_token"},
		body:    `{"update_id":10002,"edited_message":{"message_id":2,"date":1767225600,"chat":{"id":1111112,"type":"private"},"text":"x"}}`,
		id:      "10002", kind: "edited_message", subject: "1111112",
		says: "token",
	},
	{
		by:      byToken,
		secret:  "telegram-secret_token",
		headers: []string{"X-Telegram-Bot-Api-Secret-Token", "telegram-secret_token"},
		body:    `{"update_id":10003,"channel_post":{"message_id":2,"date":1767225600,"chat":{"id":-1001111111,"type":"private"},"text":"x"}}`,
		id:      "10003", kind: "channel_post", subject: "-1001111111",
		says: "token",
	},
	{
		by:      byToken,
		secret:  "telegram-secret_token",
		headers: []string{"X-Telegram-Bot-Api-Secret-Token", "telegram-secret_token"},
		body:    `{"update_id":10004,"edited_channel_post":{"message_id":2,"date":1767225600,"chat":{"id":-1001111112,"type":"private"},"text":"x"}}`,
		id:      "10004", kind: "edited_channel_post", subject: "-1001111112",
		says: "token",
	},
	{
		by:      byToken,
		secret:  "telegram-secret_token",
		headers: []string{"X-Telegram-Bot-Api-Secret-Token", "telegram-secret_token"},
		body:    `{"update_id":10005,"inline_query":{"id":"1","from":{"id":3,"is_bot":false,"first_name":"Ada"},"query":"x","offset":""}}`,
		id:      "10005", kind: "inline_query",
		says: "token",
	},
})
