package provider_test

import "time"

var _ = add("supabase", []vector{
	{
		by:     "standardwebhooks 1.1.1 for Node, whose Go edition Supabase Auth signs with",
		secret: "v1,whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
		at:     newYear,
		headers: []string{
			"webhook-id", "d3a5c0f2-7f0b-4b60-9d7d-0b6f1f6c2a17",
			"webhook-timestamp", "1767225600",
			"webhook-signature", "v1,4U9LWjvyk+oAMlYtazKfPT9ioYEtS3QF/YS0EB0Kl+8=",
		},
		body: `{"metadata":{"uuid":"8a9b2c1d-3e4f-4a5b-8c6d-7e8f9a0b1c2d","time":"2026-01-01T00:00:00Z","name":"send-sms","ip_address":"203.0.113.7"},"user":{"id":"6481a5c1-3d37-4a56-9f6a-bee08c554965","aud":"authenticated","role":"authenticated","email":"","phone":"+1333363128"},"sms":{"otp":"561166","sms_type":"phone_change"}}`,
		id:   "8a9b2c1d-3e4f-4a5b-8c6d-7e8f9a0b1c2d", kind: "send-sms", subject: "6481a5c1-3d37-4a56-9f6a-bee08c554965", status: 204,
		late: 5 * time.Minute, early: 5 * time.Minute,
	},
	{
		by:     "standardwebhooks 1.1.1, a password",
		secret: "v1,whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
		at:     newYear,
		headers: []string{
			"webhook-id", "d3a5c0f2-7f0b-4b60-9d7d-0b6f1f6c2a18",
			"webhook-timestamp", "1767225600",
			"webhook-signature", "v1,ECRXT6avvcQjBZyjIJ1GS7AFr0QNrCRp6xnW8IPsdNU=",
		},
		body: `{"metadata":{"uuid":"0b7e8a9c-1d2e-4f3a-9b4c-5d6e7f8a9b0c","time":"2026-01-01T00:00:00Z","name":"password-verification"},"user_id":"3919cb6e-4215-4478-a960-6d3454326cec","valid":false}`,
		id:   "0b7e8a9c-1d2e-4f3a-9b4c-5d6e7f8a9b0c", kind: "password-verification", subject: "3919cb6e-4215-4478-a960-6d3454326cec", status: 204,
		late: 5 * time.Minute, early: 5 * time.Minute,
	},
	{
		by:     "the same, with two signatures",
		secret: "v1,whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
		at:     newYear,
		headers: []string{
			"webhook-id", "d3a5c0f2-7f0b-4b60-9d7d-0b6f1f6c2a17",
			"webhook-timestamp", "1767225600",
			"webhook-signature", "v1,G1YYj73GWohZI4hsi3JxMyFJBQWJ2RgDNkUhCAzQeS0=, v1,4U9LWjvyk+oAMlYtazKfPT9ioYEtS3QF/YS0EB0Kl+8=",
		},
		body: `{"metadata":{"uuid":"8a9b2c1d-3e4f-4a5b-8c6d-7e8f9a0b1c2d","time":"2026-01-01T00:00:00Z","name":"send-sms","ip_address":"203.0.113.7"},"user":{"id":"6481a5c1-3d37-4a56-9f6a-bee08c554965","aud":"authenticated","role":"authenticated","email":"","phone":"+1333363128"},"sms":{"otp":"561166","sms_type":"phone_change"}}`,
		id:   "8a9b2c1d-3e4f-4a5b-8c6d-7e8f9a0b1c2d", kind: "send-sms", subject: "6481a5c1-3d37-4a56-9f6a-bee08c554965", status: 204,
		late: 5 * time.Minute, early: 5 * time.Minute,
	},
})
