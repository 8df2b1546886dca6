package provider_test

import "time"

var _ = add("clerk", []vector{
	{
		by:     "@clerk/backend 3.25.0",
		secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
		at:     newYear,
		headers: []string{
			"svix-id", "msg_p5jXN8AQM9LWM0D4loKWxJek",
			"svix-timestamp", "1767225600",
			"svix-signature", "v1,3fmmWZ2Y9gDWFyABbf3wL/3Pf1dip3tY9Vb34TCZOR4=",
		},
		body: `{"data":{"birthday":"","created_at":1654012591514,"email_addresses":[{"email_address":"exaple@example.org","id":"idn_29w83yL7CwVlJXylYLxcslromF1","linked_to":[],"object":"email_address"}],"first_name":"Example","id":"user_29w83sxmDNGwOuEthce5gg56FcC","last_name":"Example","object":"user"},"event_attributes":{"http_request":{"client_ip":"0.0.0.0","user_agent":""}},"instance_id":"ins_123","object":"event","timestamp":1654012591835,"type":"user.created"}`,
		id:   "msg_p5jXN8AQM9LWM0D4loKWxJek", kind: "user.created", subject: "user_29w83sxmDNGwOuEthce5gg56FcC",
		late: 5 * time.Minute, early: 5 * time.Minute,
	},
	{
		by:     "the same, with two signatures",
		secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
		at:     newYear,
		headers: []string{
			"svix-id", "msg_p5jXN8AQM9LWM0D4loKWxJek",
			"svix-timestamp", "1767225600",
			"svix-signature", "v1,G1YYj73GWohZI4hsi3JxMyFJBQWJ2RgDNkUhCAzQeS0= v1,3fmmWZ2Y9gDWFyABbf3wL/3Pf1dip3tY9Vb34TCZOR4=",
		},
		body: `{"data":{"birthday":"","created_at":1654012591514,"email_addresses":[{"email_address":"exaple@example.org","id":"idn_29w83yL7CwVlJXylYLxcslromF1","linked_to":[],"object":"email_address"}],"first_name":"Example","id":"user_29w83sxmDNGwOuEthce5gg56FcC","last_name":"Example","object":"user"},"event_attributes":{"http_request":{"client_ip":"0.0.0.0","user_agent":""}},"instance_id":"ins_123","object":"event","timestamp":1654012591835,"type":"user.created"}`,
		id:   "msg_p5jXN8AQM9LWM0D4loKWxJek", kind: "user.created", subject: "user_29w83sxmDNGwOuEthce5gg56FcC",
		late: 5 * time.Minute, early: 5 * time.Minute,
	},
})
