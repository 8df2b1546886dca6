package provider_test

import "encoding/base64"

var _ = add("x", []vector{
	{
		by:      byWords,
		secret:  "x-secret",
		headers: []string{"x-twitter-webhooks-signature", "sha256=8RrkyospnQ7g4vsnndConF35weZqxhoNhthovjw+SnA="},
		body:    `{"for_user_id":"2244994945"}`,
		subject: "2244994945",
	},
})

var _ = verifies("x", []handshake{
	{"s", get("crc_token=abc&y=%zz"), 200, `{"response_token":"sha256=` + base64.StdEncoding.EncodeToString(hmacOf("s", "abc")) + `"}`, nil},
	{"s", get("crc_token=abc&crc_token=abc"), 400, "", nil},
	{"s", get("crc_token=abc"), 200, `{"response_token":"sha256=` + base64.StdEncoding.EncodeToString(hmacOf("s", "abc")) + `"}`, []string{"Content-Type", "application/json"}},
})
