package provider_test

var _ = add("dropbox", []vector{
	{
		by:      byWords,
		secret:  "db-secret",
		headers: []string{"X-Dropbox-Signature", "1b7167d0fffa1a27092e8ae4fb3f68037fb1224e1f0628ccfa8f215ef44237d3"},
		body:    `{"list_folder":{"accounts":["dbid:AAH4f99T0taONIb-OurWxbNQ6ywGRopQngc"]},"delta":{"users":[12345678]}}`,
	},
})

var _ = verifies("dropbox", []handshake{
	{"s", get("challenge=1&y=%zz"), 200, "1", nil},
	{"s", get("challenge=abc123"), 200, "abc123", []string{"Content-Type", "text/plain; charset=utf-8", "X-Content-Type-Options", "nosniff"}},
})
