package provider_test

import "time"

var _ = add("linear", []vector{
	{
		by:     "@linear/sdk 98.0.0",
		secret: "lin_wh_secret",
		late:   time.Minute, early: time.Minute,
		at: newYear,
		headers: []string{
			"Linear-Signature", "e6e18aed508454dc5c12450b5e8bb09b85ba9789f5e97a177fe97ae1f51f6cfd",
			"Linear-Delivery", "234d1a4e-b617-4388-90fe-adc3633d6b72",
		},
		body: `{"action":"create","type":"Issue","data":{"id":"2174add1-f7c8-44e3-bbf3-2d60b5ea8bc9"},"webhookTimestamp":1767225600000}`,
		id:   "234d1a4e-b617-4388-90fe-adc3633d6b72", kind: "Issue", subject: "2174add1-f7c8-44e3-bbf3-2d60b5ea8bc9",
	},
})
