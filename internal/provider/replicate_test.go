package provider_test

import "time"

var _ = add("replicate", []vector{
	{
		by:     "the test of replicate 1.4.0",
		secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
		at:     1614265330,
		headers: []string{
			"webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek",
			"webhook-timestamp", "1614265330",
			"webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
		},
		body: `{"test": 2432232314}`,
		id:   "msg_p5jXN8AQM9LWM0D4loKWxJek",
		late: 5 * time.Minute, early: 5 * time.Minute,
	},
	{
		by:     "replicate 1.4.0",
		secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
		at:     newYear,
		headers: []string{
			"webhook-id", "msg_2Lh9KRb0pzN4LePd3XiA4v12Axj",
			"webhook-timestamp", "1767225600",
			"webhook-signature", "v1,X9SwAMG+8/1cnI29doTW9TFGpxO1LZ+y334nOMTbdvk=",
		},
		body: `{"id":"ufawqhfynnddngldkgtslldrkq","model":"replicate/hello-world","version":"5c7d5dc6dd8bf75c1acaa8565735e7986bc5b66206b55cca93cb72c9bf15ccaa","input":{"text":"Alice"},"logs":"","output":"hello Alice","error":null,"status":"succeeded","created_at":"2025-12-31T23:59:50.000Z","completed_at":"2026-01-01T00:00:00.000Z","urls":{"get":"https://api.replicate.com/v1/predictions/ufawqhfynnddngldkgtslldrkq"}}`,
		id:   "msg_2Lh9KRb0pzN4LePd3XiA4v12Axj", kind: "succeeded", subject: "ufawqhfynnddngldkgtslldrkq",
		late: 5 * time.Minute, early: 5 * time.Minute,
	},
	{
		by:     "the same, with two signatures",
		secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
		at:     newYear,
		headers: []string{
			"webhook-id", "msg_2Lh9KRb0pzN4LePd3XiA4v12Axj",
			"webhook-timestamp", "1767225600",
			"webhook-signature", "v1,G1YYj73GWohZI4hsi3JxMyFJBQWJ2RgDNkUhCAzQeS0= v1,X9SwAMG+8/1cnI29doTW9TFGpxO1LZ+y334nOMTbdvk=",
		},
		body: `{"id":"ufawqhfynnddngldkgtslldrkq","model":"replicate/hello-world","version":"5c7d5dc6dd8bf75c1acaa8565735e7986bc5b66206b55cca93cb72c9bf15ccaa","input":{"text":"Alice"},"logs":"","output":"hello Alice","error":null,"status":"succeeded","created_at":"2025-12-31T23:59:50.000Z","completed_at":"2026-01-01T00:00:00.000Z","urls":{"get":"https://api.replicate.com/v1/predictions/ufawqhfynnddngldkgtslldrkq"}}`,
		id:   "msg_2Lh9KRb0pzN4LePd3XiA4v12Axj", kind: "succeeded", subject: "ufawqhfynnddngldkgtslldrkq",
		late: 5 * time.Minute, early: 5 * time.Minute,
	},
})
