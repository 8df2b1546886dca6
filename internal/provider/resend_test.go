package provider_test

import "time"

var _ = add("resend", []vector{
	{
		by:     byDocuments,
		secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
		at:     1614265330,
		headers: []string{
			"svix-id", "msg_p5jXN8AQM9LWM0D4loKWxJek",
			"svix-timestamp", "1614265330",
			"svix-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
		},
		body: `{"test": 2432232314}`,
		id:   "msg_p5jXN8AQM9LWM0D4loKWxJek",
		late: 5 * time.Minute, early: 5 * time.Minute,
	},
	{
		by:     "resend 6.38.0",
		secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
		at:     newYear,
		headers: []string{
			"svix-id", "msg_2Lh9KRb0pzN4LePd3XiA4v12Axj",
			"svix-timestamp", "1767225600",
			"svix-signature", "v1,Mr9sHvteKStsXN74IfQaAeFyD2Va1+Vz7n81x8oLtws=",
		},
		body: `{"type":"email.bounced","created_at":"2026-01-01T00:00:00.000Z","data":{"created_at":"2025-12-31T23:59:58.000Z","email_id":"56761188-7520-42d8-8898-ff6fc54ce618","message_id":"<111-222-333@email.example.com>","from":"Acme <onboarding@resend.dev>","to":["delivered@resend.dev"],"subject":"Sending this example"}}`,
		id:   "msg_2Lh9KRb0pzN4LePd3XiA4v12Axj", kind: "email.bounced", subject: "56761188-7520-42d8-8898-ff6fc54ce618",
		late: 5 * time.Minute, early: 5 * time.Minute,
	},
	{
		by:     "resend 6.38.0, a contact",
		secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
		at:     newYear,
		headers: []string{
			"svix-id", "msg_2Lh9KRb0pzN4LePd3XiA4v12Axk",
			"svix-timestamp", "1767225600",
			"svix-signature", "v1,4b2W843v2+cWyHbaARe6P4ajLzy9LK8lj4fYnq8ZHmo=",
		},
		body: `{"type":"contact.created","created_at":"2026-01-01T00:00:00.000Z","data":{"id":"e169aa45-1ecf-4183-9955-b1499d5701d3","audience_id":"78261eea-8f8b-4381-83c6-79fa7120f1cf","segment_ids":["78261eea-8f8b-4381-83c6-79fa7120f1cf"],"created_at":"2026-01-01T00:00:00.000Z","updated_at":"2026-01-01T00:00:00.000Z","email":"steve.wozniak@gmail.com","unsubscribed":false}}`,
		id:   "msg_2Lh9KRb0pzN4LePd3XiA4v12Axk", kind: "contact.created", subject: "e169aa45-1ecf-4183-9955-b1499d5701d3",
		late: 5 * time.Minute, early: 5 * time.Minute,
	},
	{
		by:     "the same, with two signatures",
		secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
		at:     newYear,
		headers: []string{
			"svix-id", "msg_2Lh9KRb0pzN4LePd3XiA4v12Axj",
			"svix-timestamp", "1767225600",
			"svix-signature", "v1,G1YYj73GWohZI4hsi3JxMyFJBQWJ2RgDNkUhCAzQeS0= v1,Mr9sHvteKStsXN74IfQaAeFyD2Va1+Vz7n81x8oLtws=",
		},
		body: `{"type":"email.bounced","created_at":"2026-01-01T00:00:00.000Z","data":{"created_at":"2025-12-31T23:59:58.000Z","email_id":"56761188-7520-42d8-8898-ff6fc54ce618","message_id":"<111-222-333@email.example.com>","from":"Acme <onboarding@resend.dev>","to":["delivered@resend.dev"],"subject":"Sending this example"}}`,
		id:   "msg_2Lh9KRb0pzN4LePd3XiA4v12Axj", kind: "email.bounced", subject: "56761188-7520-42d8-8898-ff6fc54ce618",
		late: 5 * time.Minute, early: 5 * time.Minute,
	},
})
