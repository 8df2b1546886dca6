package provider_test

import "time"

var _ = add("bird", []vector{
	{
		by:     byWords,
		secret: "bird-signing-key",
		at:     newYear,
		url:    "https://hooks.example.com/bird",
		headers: []string{
			"messagebird-signature", "srzfTuH6DAgPzKQqBhYz0/SHjSDSvOSCGe5QGCpzuJY=",
			"messagebird-request-timestamp", "1767225600",
		},
		body: `{"service":"channels","event":"whatsapp.inbound","payload":{"id":"4b9c9c9a-4a1d-4c3f-8c2b-1a0987654321","channelId":"5e1c2f3d-4b5a-4e7f-8d5c-4b3a29108c2c","sender":{"contact":{"id":"9354647c-5b14-4a2b-8c99-f2a424972491","identifierValue":"+31600000000"}},"body":{"type":"text","text":{"text":"hi"}},"createdAt":"2026-01-01T00:00:00.000Z"}}`,
		kind: "whatsapp.inbound", subject: "4b9c9c9a-4a1d-4c3f-8c2b-1a0987654321",
		late: 25 * time.Hour, early: 25 * time.Hour,
	},
})
