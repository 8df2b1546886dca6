package provider_test

import "time"

var _ = add("akeneo", []vector{
	{
		by:     byWords,
		secret: "akeneo-secret",
		at:     newYear,
		headers: []string{
			"X-Akeneo-Request-Signature", "581105efd2f3570e3134804c043b7caacf7b46c7ce50a1c9e532abac888cc3db",
			"X-Akeneo-Request-Timestamp", "1767225600",
		},
		body: `{"events":[{"action":"product.created","author":"julia","author_type":"ui","event_id":"6ad821d8-2468-4632-89d2-92e442c72313","event_datetime":"2020-01-01T00:00:00+00:00","pim_source":"staging.akeneo.com","data":{"resource":{"identifier":"top"}}}]}`,
		kind: "product.created", subject: "staging.akeneo.com",
		late: 24 * time.Hour, early: 24 * time.Hour,
	},
})
