package provider_test

var _ = add("cal_com", []vector{
	{
		by:     "the words of Cal.com's source",
		secret: "cal-secret",
		headers: []string{
			"X-Cal-Signature-256", "a00d04f16544c12b92991defcecd3ec5891f887775bca13bc6c64ed89362a72a",
			"Content-Type", "application/json",
		},
		body: `{"triggerEvent":"BOOKING_CREATED","createdAt":"2026-01-01T00:00:00.000Z","payload":{"type":"60min","title":"60min between Pro Example and John Doe","description":"","startTime":"2026-01-02T09:00:00Z","endTime":"2026-01-02T10:00:00Z","organizer":{"id":5,"name":"Pro Example","email":"pro@example.com","timeZone":"Europe/London"},"attendees":[{"name":"John Doe","email":"john.doe@example.com","timeZone":"Europe/London"}],"uid":"bFJeNb2uX8ANpT3JL5EfXw","bookingId":91,"status":"ACCEPTED"}}`,
		kind: "BOOKING_CREATED", subject: "bFJeNb2uX8ANpT3JL5EfXw",
	},
	{
		by:     "the words of Cal.com's source, a template that is no JSON",
		secret: "cal-secret",
		headers: []string{
			"X-Cal-Signature-256", "7a9a209f2e5e33613e461bf3f11deeb40730ce95e52dcacc90843d00925eb9b4",
			"Content-Type", "application/x-www-form-urlencoded",
		},
		body: "event=BOOKING_CREATED&title=60min+between+Pro+Example+and+John+Doe",
	},
})
