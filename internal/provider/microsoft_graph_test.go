package provider_test

var _ = add("microsoft_graph", []vector{
	{
		by:     byToken,
		secret: "client state",
		says:   "token",
		status: 202,
		body:   `{"value":[{"clientState":"client state","changeType":"created","resource":"me/messages/1"},{"clientState":"client state"}]}`,
		kind:   "created", subject: "me/messages/1",
	},
	{
		by:     byToken + ", in a lifecycle notification",
		secret: "client state",
		says:   "token",
		status: 202,
		body:   `{"value":[{"clientState":"client state","lifecycleEvent":"missed","resource":"me/messages"},{"clientState":"client state"}]}`,
		kind:   "missed", subject: "me/messages",
	},
})

var _ = verifies("microsoft_graph", []handshake{
	{"s", post("validationToken=abc&y=%zz", ""), 200, "abc", nil},
	{"s", post("validationToken=Validation%3A%20Testing%20client", ""), 200, "Validation: Testing client", []string{"Content-Type", "text/plain; charset=utf-8"}},
})
