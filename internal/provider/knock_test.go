package provider_test

import "time"

var _ = add("knock", []vector{
	{
		by:     byWords,
		secret: "knock-secret",
		at:     newYear,
		headers: []string{
			"X-Knock-Signature", "t=1767225600000,s=cbZu8T93LBcKz0hn9aEc9jt68Tg/P5m1DG4HuhQwhj4=",
		},
		body: `{"__typename":"Event","type":"message.undelivered","created_at":"2026-01-31T17:12:59.958652Z","data":{"__typename":"Message","id":"1rjI9XBr4Z5yXLEqTbXZiJsHs5P","status":"undelivered"},"event_data":{"__typename":"EventData","failure_reason":"fatal_error","failure_details":"The message could not be delivered to the provider."}}`,
		kind: "message.undelivered", subject: "1rjI9XBr4Z5yXLEqTbXZiJsHs5P",
		late: 5 * time.Minute, early: 5 * time.Minute,
	},
})
