package provider_test

var _ = add("huggingface", []vector{
	{
		by:     byToken,
		secret: "huggingface-secret",
		headers: []string{
			"X-Webhook-Secret", "huggingface-secret",
		},
		body: `{"event":{"action":"create","scope":"discussion"},"repo":{"type":"model","name":"openai-community/gpt2","id":"621ffdc036468d709f17434d","private":false,"url":{"web":"https://huggingface.co/openai-community/gpt2"},"owner":{"id":"628b753283ef59b5be89e937"}},"discussion":{"id":"6399f58518721fdd27fc9ca9","title":"Update co2 emissions","status":"open","num":19,"isPullRequest":true},"webhook":{"id":"6390e855e30d9209411de93b","version":3}}`,
		kind: "discussion.create", subject: "openai-community/gpt2",
		says: "token",
	},
})
