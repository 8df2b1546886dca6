package provider_test

import "net/http"

var _ = add("trello", []vector{
	{
		by:      byWords,
		secret:  "trello-secret",
		url:     "https://hooks.example.com/trello",
		headers: []string{"X-Trello-Webhook", "uKMMF4J4O6IjTGbtBB+i+jSOfP0="},
		body:    `{"action":{"id":"51f9424bcd6e040f3c002412","type":"updateCard"},"model":{"id":"4d5ea62fd76aa1136000000c"}}`,
		id:      "51f9424bcd6e040f3c002412", kind: "updateCard", subject: "4d5ea62fd76aa1136000000c",
	},
})

var _ = verifies("trello", []handshake{
	{"s", requestOf(http.MethodHead, "/", ""), 200, "", nil},
	{"s", get(""), 405, "", []string{"Allow", "HEAD, POST"}},
})
