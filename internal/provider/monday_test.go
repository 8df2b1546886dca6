package provider_test

var _ = add("monday", []vector{
	{
		by:     byWords,
		secret: "monday-signing-secret",
		at:     newYear,
		url:    "https://hooks.example.com/webhooks",
		headers: []string{
			"Authorization", "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJhY2NvdW50SWQiOjE4MjU1MjksInVzZXJJZCI6NDAxMjY4OSwiYXVkIjoiaHR0cHM6Ly9ob29rcy5leGFtcGxlLmNvbS93ZWJob29rcyIsImV4cCI6MTc2NzIyNTkwMCwic2hvcnRMaXZlZFRva2VuIjoidG9rZW4iLCJpYXQiOjE3NjcyMjU2MDB9.05rgjSW7Ij0YBF1gnj-jRfyStVPVTgyBZ1vjAIOHsiY",
		},
		body: `{"event":{"userId":9603417,"originalTriggerUuid":null,"boardId":1771812698,"pulseId":1772099344,"pulseName":"Create_item webhook","groupId":"topics","groupName":"Group Title","groupColor":"#579bfc","isTopGroup":true,"columnValues":{},"app":"monday","type":"create_pulse","triggerTime":"2026-01-01T00:00:00.000Z","subscriptionId":73759690,"triggerUuid":"b5ed2e17c530f43668de130142445cba"}}`,
		kind: "create_pulse", subject: "1771812698", says: "partial",
	},
})

const mondayChallenge = `{"challenge":"3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P"}`

var _ = verifies("monday", []handshake{
	{"s", post("", mondayChallenge, "Content-Type", "application/json"), 200, mondayChallenge, []string{"Content-Type", "application/json"}},
	{"s", post("", `{"challenge":""}`), 400, "", nil},
	// A token for another URL, which ends in 2100.
	{"s", post("", `{"event":{"type":"create_pulse"}}`, "Authorization", "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJhdWQiOiAiaHR0cHM6Ly9vdGhlci5leGFtcGxlLmNvbS93ZWJob29rcyIsICJleHAiOiA0MTAyNDQ0ODAwLCAiaWF0IjogMTc2NzIyNTYwMH0.A6F_QpDFCz-vBtaU1R9b2R0zH7S5AaLDi0ImI2owxTs"), 401, "", nil},
	{"s", get("challenge=1"), 405, "", []string{"Allow", "POST"}},
})
