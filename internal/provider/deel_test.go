package provider_test

var _ = add("deel", []vector{
	{
		by:     byWords,
		secret: "deel-signing-key",
		headers: []string{
			"X-Deel-Signature", "e7699f344b67687cbc8438ac724902a01d92bed84a4be6bc9e8ebc2dba9d3e00",
			"X-Deel-Hmac-Label", "New Webhook",
			"X-Deel-Webhook-Version", "1.0.0",
		},
		body: `{"data":{"meta":{"event_type":"contract.created","event_type_id":"f2a5b0c1-0d1e-4f2a-8b3c-4d5e6f708192"},"resource":{"id":"m3xq8rk","status":"new"}},"timestamp":"2026-01-01T00:00:00.000Z"}`,
		kind: "contract.created",
	},
})
