package provider_test

var _ = add("square", []vector{
	{
		by:      "the example in the provider's documents, and square 46.0.0 for Node",
		secret:  "asdf1234",
		url:     "https://example.com/webhook",
		headers: []string{"x-square-hmacsha256-signature", "2kRE5qRU2tR+tBGlDwMEw2avJ7QM4ikPYD/PJ3bd9Og="},
		body:    `{"hello":"world"}`,
	},
	{
		by:      byWords,
		secret:  "square-key",
		url:     "https://hooks.example.com/square",
		headers: []string{"x-square-hmacsha256-signature", "5jagrvIk19eUwR2pfKlyw6ZAWAa64w0J+NFLPTa3xY8="},
		body:    `{"merchant_id":"6SSW7HV8K2ST5","type":"payment.updated","event_id":"6a8f5f28-54a1-4eb0-a98a-3111513fd4fc","created_at":"2020-02-06T21:27:34.308Z","data":{"type":"payment","id":"hYy9pRFVxpDsO1FB05SunFWUe9JZY","object":{}}}`,
		id:      "6a8f5f28-54a1-4eb0-a98a-3111513fd4fc", kind: "payment.updated", subject: "hYy9pRFVxpDsO1FB05SunFWUe9JZY",
	},
})
