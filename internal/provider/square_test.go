package provider_test

var _ = add("square", []vector{
	{
		by:      "the example in the provider's documents, and square 46.0.0 for Node",
		secret:  "asdf1234",
		url:     "https://example.com/webhook",
		headers: []string{"x-square-hmacsha256-signature", "2kRE5qRU2tR+tBGlDwMEw2avJ7QM4ikPYD/PJ3bd9Og="},
		body:    `{"hello":"world"}`,
	},
})
