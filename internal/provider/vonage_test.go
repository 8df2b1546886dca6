package provider_test

import "time"

var _ = add("vonage", []vector{
	{
		by:     "Vonage's vonage-node-code-snippets, with jsonwebtoken 9.0.3 and js-sha256 1.0.0",
		secret: "vonage-signature-secret-of-32-characters",
		at:     newYear,
		headers: []string{
			"Authorization", "Bearer eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpYXQiOjE3NjcyMjU2MDAsImp0aSI6ImM1YmE4ZjI0LTFhMTQtNGMxMC1iZmRmLTNmYmU4Y2U1MTFiNSIsImlzcyI6IlZvbmFnZSIsInBheWxvYWRfaGFzaCI6IjNjMzAzMzVmYTVjZjQ0YTBmNWY4YzUwOTg5YmRlZjY2OTcxMmIxZTRiOWUwMjVlZDNhNDkwMTYwMDJlMzM4ZWEiLCJhcGlfa2V5IjoiYTFiMmMzZCIsImFwcGxpY2F0aW9uX2lkIjoiYWFhYWFhYWEtYmJiYi1jY2NjLWRkZGQtMDEyMzQ1Njc4OWFiIn0.OFSmtwhNWAg5YZS_F0pvt8BMYTpCFYWWHmDrFxLWABo",
		},
		body: `{"message_uuid":"aaaaaaaa-bbbb-cccc-dddd-0123456789ab","to":"447700900000","from":"447700900001","timestamp":"2026-01-01T00:00:00Z","status":"delivered","channel":"sms"}`,
		kind: "delivered", subject: "aaaaaaaa-bbbb-cccc-dddd-0123456789ab",
		late: 25 * time.Hour, early: 25 * time.Hour,
		refused: 503,
	},
	{
		by:     "Vonage's vonage-node-code-snippets, with jsonwebtoken 9.0.3 and js-sha256 1.0.0, a message",
		secret: "vonage-signature-secret-of-32-characters",
		at:     newYear,
		headers: []string{
			"Authorization", "Bearer eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpYXQiOjE3NjcyMjU2MDAsImp0aSI6ImM1YmE4ZjI0LTFhMTQtNGMxMC1iZmRmLTNmYmU4Y2U1MTFiNSIsImlzcyI6IlZvbmFnZSIsInBheWxvYWRfaGFzaCI6ImUyMDAzNWU1MzU2NGQyMWFhMjg3YjY2ODIyM2RhZTY5MjZjZWMxNjk4MzA2NTgyNWU1ODVhNjA0MWVkMjgxZjciLCJhcGlfa2V5IjoiYTFiMmMzZCIsImFwcGxpY2F0aW9uX2lkIjoiYWFhYWFhYWEtYmJiYi1jY2NjLWRkZGQtMDEyMzQ1Njc4OWFiIn0.oNKSYvT87TnbcV2FCkDHpM7DRe-c1eEvtBpa7jVlSkk",
		},
		body: `{"channel":"sms","message_uuid":"aaaaaaaa-bbbb-4ccc-8ddd-0123456789ab","to":"447700900000","from":"447700900001","timestamp":"2026-01-01T00:00:00Z","text":"Inbound message","message_type":"text"}`,
		kind: "text", subject: "aaaaaaaa-bbbb-4ccc-8ddd-0123456789ab",
		late: 25 * time.Hour, early: 25 * time.Hour,
		refused: 503,
	},
})
