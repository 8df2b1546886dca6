package provider_test

var _ = add("nylas", []vector{
	{
		by:      byWords,
		secret:  "ny-secret",
		headers: []string{"x-nylas-signature", "0a61a1729cbcb932939c3abe9dd7d17e25c57a4c526b8112fdcc4c53eae86491"},
		body:    `{"specversion":"1.0","type":"message.created","id":"ny1","data":{"object":{"id":"m1"}}}`,
		id:      "ny1", kind: "message.created", subject: "m1",
	},
})

var _ = verifies("nylas", []handshake{
	{"s", get("y=%zz&challenge=1"), 200, "1", nil},
	{"s", get("challenge=abc123"), 200, "abc123", nil},
})
