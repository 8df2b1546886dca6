package provider_test

import "time"

var _ = add("calendly", []vector{
	{
		by:      byWords,
		secret:  "calendly-signing-key",
		at:      newYear,
		headers: []string{"Calendly-Webhook-Signature", "t=1767225600,v1=1228eda1892b9b624b96c0c8f2b57dfb2966edd06655edef39700ff30f3466e3"},
		body:    `{"event":"invitee.created","created_at":"2026-01-01T00:00:00.000000Z","created_by":"https://api.calendly.com/users/AAAAAAAAAAAAAAAA","payload":{"uri":"https://api.calendly.com/scheduled_events/GBGBDCAADAEDCRZ2/invitees/AAAAAAAAAAAAAAAB","email":"test@example.com","status":"active","rescheduled":false,"scheduled_event":{"uri":"https://api.calendly.com/scheduled_events/GBGBDCAADAEDCRZ2"}}}`,
		kind:    "invitee.created", subject: "https://api.calendly.com/scheduled_events/GBGBDCAADAEDCRZ2/invitees/AAAAAAAAAAAAAAAB",
		late: 5 * time.Minute, early: 5 * time.Minute,
	},
})
