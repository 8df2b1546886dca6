package provider_test

var _ = add("ably", []vector{
	{
		by:     byWords,
		secret: "ably-key-value",
		headers: []string{
			"X-Ably-Signature", "VFra2AI6AnDh3QfmliQavkSbs8bzdmZTORPSaRYRbOg=",
		},
		body: `{"items":[{"webhookId":"ABcDEf","source":"channel.message","serial":"a7bcdEFghIjklm123456789:4","timestamp":1562124922426,"name":"channel.message","data":{"channelId":"chat-channel-4","site":"eu-west-1-A","messages":[{"id":"ABcDefgHIj:1:0","clientId":"user-3","connectionId":"ABcDefgHIj","timestamp":1123145678900,"data":"the message data","name":"a message name"}]}}]}`,
		kind: "channel.message", subject: "chat-channel-4",
	},
})
