package provider_test

var _ = add("meta", []vector{
	{
		by:      byWords,
		secret:  "app-secret",
		headers: []string{"X-Hub-Signature-256", "sha256=4e3f8662e74bc83a3ff8ec948ffc1c0f64a9932c4fb96e18ab4c6b90b10df94b"},
		body:    `{"object":"page","entry":[{"id":"0","time":1}]}`,
		kind:    "page", subject: "0",
	},
})

var _ = verifies("meta", []handshake{
	{"s", get("hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=sesame"), 200, "1158201444", []string{"Content-Type", "text/plain; charset=utf-8"}},
	{"s", get("hub.mode=subscribe&hub.challenge=1&hub.verify_token=other"), 403, "", nil},
	{"s", get("hub.mode=other&hub.challenge=1&hub.verify_token=sesame"), 400, "", nil},
	{"s", get("y=%zz&hub.mode=subscribe&hub.challenge=1&hub.verify_token=sesame&;"), 200, "1", nil},
	{"s", get("hub.mode=subscribe&hub.challenge=%zz&hub.verify_token=sesame"), 400, "", nil},
	{"s", get("hub.mode=subscribe&hub.challenge=1&hub.challenge=1&hub.verify_token=sesame"), 400, "", nil},
	{"s", get("hub.challenge=1&hub.verify_token=sesame"), 400, "", nil},
})
