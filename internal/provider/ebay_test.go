package provider_test

// The verification code of the example in eBay's documents is not published; the answers
// are computed with Python's hashlib.
var _ = verifies("ebay", []handshake{
	{secret: "id:secret", request: get("challenge_code=a8628072-3d33-45ee-9004-bee86830a22d"), status: 200, body: `{"challengeResponse":"77a773eedccd7c46e9fe19081064bea35af900c575192d22db1d64a8a941af4c"}`, headers: []string{"Content-Type", "application/json"}},
	{secret: "id:secret", request: get("challenge_code="), status: 400},
	{secret: "id:secret", request: get(""), status: 400},
})

var _ = add("ebay", []vector{
	{
		by:     "the example in eBay/event-notification-nodejs-sdk 1.0.3",
		secret: "-----BEGIN PUBLIC KEY-----MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEZhhxXKtR+TOvtDbgTPCkSof02qgBB7IsYOyf76ilExJ/upAa/vKIKheOoCyOpcLmi4t0b4uepb7LLjmMr90FUg==-----END PUBLIC KEY-----", says: "service",
		url:     handshakeURL,
		headers: []string{"X-EBAY-SIGNATURE", "eyJhbGciOiJlY2RzYSIsImtpZCI6Ijk5MzYyNjFhLTdkN2ItNDYyMS1hMGYxLTk2Y2NiNDI4YWY0OSIsInNpZ25hdHVyZSI6Ik1FWUNJUUNmeGZJV3V4bVdjSUJRSjljNS9YN2lHREpxczJSQ0dzQkVhQWppbnlycmZBSWhBSVY2d0djVGlCdVY1S0pVaWYyaG9reXJMK1E5c3NIa2FkK214Mm5FRTI1dyIsImRpZ2VzdCI6IlNIQTEifQ=="},
		body:    `{"metadata":{"topic":"MARKETPLACE_ACCOUNT_DELETION","schemaVersion":"1.0","deprecated":false},"notification":{"notificationId":"49feeaeb-4982-42d9-a377-9645b8479411_33f7e043-fed8-442b-9d44-791923bd9a6d","eventDate":"2021-03-19T20:43:59.462Z","publishDate":"2021-03-19T20:43:59.679Z","publishAttemptCount":1,"data":{"username":"test_user","userId":"ma8vp1jySJC","eiasToken":"nY+sHZ2PrBmdj6wVnY+sEZ2PrA2dj6wJnY+gAZGEpwmdj6x9nY+seQ=="}}}`,
		id:      "49feeaeb-4982-42d9-a377-9645b8479411_33f7e043-fed8-442b-9d44-791923bd9a6d", kind: "MARKETPLACE_ACCOUNT_DELETION",
		status: 204,
	},
})
