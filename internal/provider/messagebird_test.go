package provider_test

var _ = add("messagebird", []vector{
	{
		by:     "the test of messagebird 4.0.1",
		secret: "36efdd1aace2e26cd490f0d951138253bef2f7c6d34d18981da781555cc4cebb",
		at:     1625479200,
		url:    "https://example.com/path?bar=1&foo=2",
		headers: []string{
			"MessageBird-Signature-JWT", "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJNZXNzYWdlQmlyZCIsIm5iZiI6MTYyNTQ3OTIwMCwiZXhwIjoxNjI1NDc5MjYwLCJqdGkiOiI5M2U1NTAwNi1hMGU4LTQ1MjYtYTE5MC1mYTVmZjAwZWExMTYiLCJ1cmxfaGFzaCI6IjQxZjA1ZjBkZGQwYTIyYWIyMDlhYzQ2ZjQ3YzQ1NzJkOWNlZmEyNTdlZDc0YjI0MDA0YmFlNzUzZWNlNmMyNjAiLCJwYXlsb2FkX2hhc2giOiJkZmZkNjAyMWJiMmJkNWIwYWY2NzYyOTA4MDllYzNhNTMxOTFkZDgxYzdmNzBhNGIyODY4OGEzNjIxODI5ODZmIn0._H--TOuYFLpeEH39-rg5E3IHVkjHozBcaKVWPRC5m9I",
			"Content-Type", "text/plain",
		},
		body: "Hello, World!",
	},
	{
		by:     "messagebird 4.0.1",
		secret: "36efdd1aace2e26cd490f0d951138253bef2f7c6d34d18981da781555cc4cebb",
		at:     newYear,
		url:    "https://hooks.example.com/messagebird?tenant=1",
		headers: []string{
			"MessageBird-Signature-JWT", "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJNZXNzYWdlQmlyZCIsIm5iZiI6MTc2NzIyNTYwMCwiZXhwIjoxNzY3MjI1NjYwLCJqdGkiOiI5M2U1NTAwNi1hMGU4LTQ1MjYtYTE5MC1mYTVmZjAwZWExMTYiLCJ1cmxfaGFzaCI6ImVkNzEwNTIxMWIzMDY5MGMwYzgwYzFkMTUxOGU5Y2Y5MTIzM2IzZjU1YzJjNTc0MWE3N2MwMTgxY2YyN2Y3OWQiLCJwYXlsb2FkX2hhc2giOiIyODg2MDNhYzc0MjdlZmQ1YzA2ZjBkNDY1NGE2Njg5OTQyYTc5NTBlYzdiODM2MWVmMmZiYWRiNTcxMDg0ZTQyIn0.mqiOgSqrkz3-bvuWN9KZLwhFeGw83ZTBXn7igyq8PvA",
			"Content-Type", "application/json",
		},
		body: `{"type":"message.created","conversation":{"id":"8c2c5e1c2f3d4b5a9e7f6d5c4b3a2910","contactId":"9354647c5b144a2b4c99f2n42497249","status":"active"},"contact":{"id":"9354647c5b144a2b4c99f2n42497249"},"message":{"id":"4b9c9c9a4a1d4c3f8c2b1a0987654321","conversationId":"8c2c5e1c2f3d4b5a9e7f6d5c4b3a2910","createdDatetime":"2026-01-01T00:00:00Z","content":{"text":"hi"}}}`,
		kind: "message.created", subject: "8c2c5e1c2f3d4b5a9e7f6d5c4b3a2910",
	},
})

// A token that is right, except that it is for another URL, and lasts forever.
var _ = verifies("messagebird", []handshake{
	{"s", post("", `{"type":"message.created"}`, "MessageBird-Signature-JWT", "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJNZXNzYWdlQmlyZCIsImp0aSI6IjkzZTU1MDA2LWEwZTgtNDUyNi1hMTkwLWZhNWZmMDBlYTExNiIsInVybF9oYXNoIjoiZWQ3MTA1MjExYjMwNjkwYzBjODBjMWQxNTE4ZTljZjkxMjMzYjNmNTVjMmM1NzQxYTc3YzAxODFjZjI3Zjc5ZCIsInBheWxvYWRfaGFzaCI6IjdkMDM3NzczMDlhODhmODdmNTQ0YTA3ZmMyMDM2YzJiOTQzOGQzNGFlMzg4NGE5NGFmODhkOTQyOGMxOWFkZDMifQ.9LJml2rcsuncBYmDmnafnRkOHBIVkhaVdYAQB2up2Xk"), 401, "", nil},
})
