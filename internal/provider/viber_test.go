package provider_test

var _ = add("viber", []vector{
	{
		by:     "the tests of viber-bot-node and viber-bot-python",
		secret: "44dafb7e0f40021e-61a47a1e6778d187-f2c5a676a07050b3",
		headers: []string{
			"X-Viber-Content-Signature", "d21b343448c8aee33b8e93768ef6ceb64a6ba6163099973a2b8bd028fea510ef",
		},
		body: `{"event":"webhook","timestamp":4977069964384421269,"message_token":1478683725125}`,
		id:   "webhook.1478683725125",
		kind: "webhook",
	},
	{
		by:     "viber-bot 1.0.18 for Node, a message",
		secret: "44dafb7e0f40021e-61a47a1e6778d187-f2c5a676a07050b3",
		headers: []string{
			"X-Viber-Content-Signature", "037bb5eaf59b3d85162384993364ce2d0153ad8a692ab10e0251bd9424104f7d",
		},
		body:    `{"event":"message","timestamp":1767225600000,"message_token":4912661846655238145,"sender":{"id":"01234567890A=","name":"John McClane","country":"UK","language":"en","api_version":1},"message":{"type":"text","text":"a message to the service"}}`,
		id:      "message.4912661846655238145",
		kind:    "message",
		subject: "01234567890A=",
	},
	{
		by:      "viber-bot 1.0.18 for Node (the same, with the signature in the query; a receipt)",
		secret:  "44dafb7e0f40021e-61a47a1e6778d187-f2c5a676a07050b3",
		target:  "/webhooks?sig=191d6c3f3a6d662e21d1c7658ce717dd6f13cc62b59906069576fc3306b310f3",
		body:    `{"event":"delivered","timestamp":1767225600000,"message_token":4912661846655238145,"user_id":"01234567890A="}`,
		id:      "delivered.4912661846655238145.01234567890A=",
		kind:    "delivered",
		subject: "01234567890A=",
	},
	{
		by:     "viber-bot 1.0.18 for Node, a subscription",
		secret: "44dafb7e0f40021e-61a47a1e6778d187-f2c5a676a07050b3",
		headers: []string{
			"X-Viber-Content-Signature", "b38d0acda479566908f30427cb7fada55e8f512795c4d5c1ac5ee1468896d976",
		},
		body:    `{"event":"subscribed","timestamp":1767225600000,"user":{"id":"01234567890A=","name":"John McClane","country":"UK","language":"en","api_version":1},"message_token":4912661846655238145}`,
		id:      "subscribed.4912661846655238145",
		kind:    "subscribed",
		subject: "01234567890A=",
	},
})
