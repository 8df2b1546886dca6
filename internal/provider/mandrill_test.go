package provider_test

import "net/http"

var _ = add("mandrill", []vector{
	{
		by:     byWords,
		secret: "mandrill-key",
		url:    "https://hooks.example.com/mandrill/?tenant=1",
		headers: []string{
			"X-Mandrill-Signature", "XukAXUtJhv4HQIT7mzMg7KSrZ9U=",
			"Content-Type", "application/x-www-form-urlencoded",
		},
		body: "mandrill_events=%5B%7B%22event%22%3A%22send%22%2C%22_id%22%3A%22exampleaaaaaaaaaaaaaaaaaaaaaaaaa%22%2C%22ts%22%3A1767225600%2C%22msg%22%3A%7B%22ts%22%3A1767225600%2C%22subject%22%3A%22This+an+example+webhook+message%22%2C%22email%22%3A%22example.webhook%40mandrillapp.com%22%2C%22state%22%3A%22sent%22%2C%22_id%22%3A%22exampleaaaaaaaaaaaaaaaaaaaaaaaaa%22%7D%7D%2C%7B%22event%22%3A%22open%22%2C%22_id%22%3A%22exampleaaaaaaaaaaaaaaaaaaaaaaaab%22%2C%22ts%22%3A1767225600%7D%5D",
		kind: "send",
	},
})

var _ = verifies("mandrill", []handshake{
	{"s", requestOf(http.MethodHead, "/", ""), 200, "", nil},
	{"s", get(""), 405, "", []string{"Allow", "HEAD, POST"}},
})
