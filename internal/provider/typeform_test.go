package provider_test

var _ = add("typeform", []vector{
	{
		by:      byWords,
		secret:  "typeform-secret",
		headers: []string{"Typeform-Signature", "sha256=SEo4kXnVI60fSzVx+OO47LuAlbKkjJJpq6UQ2WSBgwE="},
		body:    `{"event_id":"01EK4R5PFZZP6C8H14RTP4YW6C","event_type":"form_response","form_response":{"form_id":"g8hcyeXS","token":"x71for1wr6irs2rx71fotn12b3izh25v","landed_at":"2026-01-01T00:00:00Z","submitted_at":"2026-01-01T00:00:02Z","definition":{"id":"g8hcyeXS","title":"Feedback","fields":[]},"answers":[]}}`,
		id:      "01EK4R5PFZZP6C8H14RTP4YW6C", kind: "form_response", subject: "g8hcyeXS",
	},
})
