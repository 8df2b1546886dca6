package provider_test

import "time"

var _ = add("zendesk", []vector{
	{
		by:     byWords,
		secret: "zendesk-secret",
		at:     newYear,
		headers: []string{
			"X-Zendesk-Webhook-Signature", "G79NMQGgwGa1gycj3WM7shE7B0znp4wky7utIXcQ3i0=",
			"X-Zendesk-Webhook-Signature-Timestamp", "2026-01-01T00:00:00Z",
			"X-Zendesk-Webhook-Id", "01F1KRFQ6BG29CNWFR60NK5FNY",
			"Content-Type", "application/json",
		},
		body: `{"type":"zen:event-type:user.active_changed","account_id":12514403,"id":"2b24ef10-19d4-4740-93cf-8f98ec4776c0","time":"2026-01-01T00:00:00Z","zendesk_event_version":"2022-06-20","subject":"zen:user:6596848315901","detail":{"id":"6596848315901","role":"end-user"},"event":{"current":false,"previous":true}}`,
		id:   "2b24ef10-19d4-4740-93cf-8f98ec4776c0", kind: "zen:event-type:user.active_changed", subject: "zen:user:6596848315901",
		late: 24 * time.Hour, early: 24 * time.Hour,
	},
	{
		by:     byWords,
		secret: "zendesk-secret",
		at:     newYear,
		headers: []string{
			"X-Zendesk-Webhook-Signature", "Uf+9OVWuwtNcHNTBYyU54DXkSfZWvJGL5cJMzJXap7A=",
			"X-Zendesk-Webhook-Signature-Timestamp", "2026-01-01T00:00:00Z",
			"X-Zendesk-Webhook-Id", "01F1KRFQ6BG29CNWFR60NK5FNY",
			"Content-Type", "application/x-www-form-urlencoded",
		},
		body: "status=open&ticket=35436",
		late: 24 * time.Hour, early: 24 * time.Hour,
	},
})
