package provider_test

const auth0Log = `{"log_id":"90020260101000000000000000000000000000000000000000000001","data":{"date":"2026-01-01T00:00:00.000Z","type":"s","description":"","client_id":"AaiyAPdpYdesoKnqjj8HJqRn4T5titww","ip":"192.0.2.1","user_id":"auth0|123"}}`

var _ = add("auth0", []vector{
	{
		by:     byToken,
		secret: "Bearer auth0-stream-token",
		headers: []string{
			"Authorization", "Bearer auth0-stream-token",
		},
		body: auth0Log,
		says: "token",
	},
	{
		by:     "no signature: the secret itself, with JSON lines",
		secret: "auth0-stream-token",
		headers: []string{
			"Authorization", "auth0-stream-token",
		},
		body: auth0Log + "\n" + auth0Log,
		says: "token",
	},
})
