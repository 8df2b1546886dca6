package provider_test

import "time"

var _ = add("stripe", []vector{
	{
		by:     "stripe-go 81.4.0",
		secret: "whsec_test_secret",
		late:   5 * time.Minute, early: 5 * time.Minute,
		at: newYear,
		headers: []string{
			"Stripe-Signature", "t=1767225600,v1=7af2de55b9f6059231e5a16bdb1134595cd3070cd52d197de2cc6a21504236a3",
		},
		body: `{"id":"evt_1","object":"event","type":"charge.succeeded","data":{"object":{"id":"ch_1"}}}`,
		id:   "evt_1", kind: "charge.succeeded", subject: "ch_1",
	},
})
