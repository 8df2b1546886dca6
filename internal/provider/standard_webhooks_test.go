package provider_test

import "time"

var _ = add("standard_webhooks", []vector{
	{
		by:     "the test of standard-webhooks' libraries, and of Svix's",
		secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
		late:   5 * time.Minute, early: 5 * time.Minute,
		at: 1614265330,
		headers: []string{
			"webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek",
			"webhook-timestamp", "1614265330",
			"webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
		},
		body: `{"test": 2432232314}`,
		id:   "msg_p5jXN8AQM9LWM0D4loKWxJek",
	},
	{
		by:     "the same, with Svix's headers, in a list, and without the prefix of the secret",
		secret: "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
		late:   5 * time.Minute, early: 5 * time.Minute,
		at: 1614265330,
		headers: []string{
			"svix-id", "msg_p5jXN8AQM9LWM0D4loKWxJek",
			"svix-timestamp", "1614265330",
			"svix-signature", "v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc= v1a,AAAA v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE= v2,AAAA",
		},
		body: `{"test": 2432232314}`,
		id:   "msg_p5jXN8AQM9LWM0D4loKWxJek",
	},
	{
		by:     "svix 1.99.1 and standardwebhooks 1.1.1 for Node, with a secret without padding",
		secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwAA",
		late:   5 * time.Minute, early: 5 * time.Minute,
		at: newYear,
		headers: []string{
			"webhook-id", "msg_p5jX",
			"webhook-timestamp", "1767225600",
			"webhook-signature", "v1,ZzRczG/bl0Nh/ueFNrezCcFv0hcTc0k9Ec5QoN03Zf8=",
		},
		body: `{"type":"invoice.paid","data":{"id":"in_1"}}`,
		id:   "msg_p5jX", kind: "invoice.paid", subject: "in_1",
	},
})
