package provider_test

import "time"

var _ = add("render", []vector{
	{
		by:     "standardwebhooks 1.1.1 for Node, which Render's example uses",
		secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
		at:     newYear,
		headers: []string{
			"webhook-id", "msg_2Lh9KRb0pzN4LePd3XiA4v12Axj",
			"webhook-timestamp", "1767225600",
			"webhook-signature", "v1,wPfRZcoGXR9ZwdkrmB2ZuyB4pG96FPFuyDUcojb1X1s=",
		},
		body: `{"type":"deploy_ended","timestamp":"2026-01-01T00:00:00.000Z","data":{"id":"evt-cph1rs3idesc73a2b2mg","serviceId":"srv-xxxxx","serviceName":"My Service","status":"succeeded"}}`,
		id:   "evt-cph1rs3idesc73a2b2mg", kind: "deploy_ended", subject: "srv-xxxxx",
		late: 5 * time.Minute, early: 5 * time.Minute,
	},
	{
		by:     "the same, with two signatures",
		secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
		at:     newYear,
		headers: []string{
			"webhook-id", "msg_2Lh9KRb0pzN4LePd3XiA4v12Axj",
			"webhook-timestamp", "1767225600",
			"webhook-signature", "v1,G1YYj73GWohZI4hsi3JxMyFJBQWJ2RgDNkUhCAzQeS0= v1,wPfRZcoGXR9ZwdkrmB2ZuyB4pG96FPFuyDUcojb1X1s=",
		},
		body: `{"type":"deploy_ended","timestamp":"2026-01-01T00:00:00.000Z","data":{"id":"evt-cph1rs3idesc73a2b2mg","serviceId":"srv-xxxxx","serviceName":"My Service","status":"succeeded"}}`,
		id:   "evt-cph1rs3idesc73a2b2mg", kind: "deploy_ended", subject: "srv-xxxxx",
		late: 5 * time.Minute, early: 5 * time.Minute,
	},
})
