package provider_test

import "time"

var _ = add("incident_io", []vector{
	{
		by:     "svix 1.99.1, with which the documents verify",
		secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
		at:     newYear,
		headers: []string{
			"webhook-id", "msg_2Lh9KRb0pzN4LePd3XiA4v12Axj",
			"webhook-timestamp", "1767225600",
			"webhook-signature", "v1,oj57HA151qyEPrUD5f8R8Ga2IesnD94Kai5MzAajMKk=",
		},
		body: `{"event_type":"public_incident.follow_up_updated_v2","public_incident.follow_up_updated_v2":{"assignee":{"email":"lisa@incident.io","id":"01FCNDV6P870EA6S7TK1DSYDG0","name":"Lisa Karlin Curtis","role":"viewer"},"completed_at":"2021-08-17T13:28:57.801578Z","created_at":"2021-08-17T13:28:57.801578Z","description":"Call the fire brigade","id":"01FCNDV6P870EA6S7TK1DSYDG0","incident_id":"01FCNDV6P870EA6S7TK1DSYDG0","status":"outstanding","title":"Cat is stuck in the tree","updated_at":"2021-08-17T13:28:57.801578Z"}}`,
		id:   "msg_2Lh9KRb0pzN4LePd3XiA4v12Axj", kind: "public_incident.follow_up_updated_v2",
		late: 5 * time.Minute, early: 5 * time.Minute,
	},
	{
		by:     "the same, with two signatures",
		secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
		at:     newYear,
		headers: []string{
			"webhook-id", "msg_2Lh9KRb0pzN4LePd3XiA4v12Axj",
			"webhook-timestamp", "1767225600",
			"webhook-signature", "v1,G1YYj73GWohZI4hsi3JxMyFJBQWJ2RgDNkUhCAzQeS0= v1,oj57HA151qyEPrUD5f8R8Ga2IesnD94Kai5MzAajMKk=",
		},
		body: `{"event_type":"public_incident.follow_up_updated_v2","public_incident.follow_up_updated_v2":{"assignee":{"email":"lisa@incident.io","id":"01FCNDV6P870EA6S7TK1DSYDG0","name":"Lisa Karlin Curtis","role":"viewer"},"completed_at":"2021-08-17T13:28:57.801578Z","created_at":"2021-08-17T13:28:57.801578Z","description":"Call the fire brigade","id":"01FCNDV6P870EA6S7TK1DSYDG0","incident_id":"01FCNDV6P870EA6S7TK1DSYDG0","status":"outstanding","title":"Cat is stuck in the tree","updated_at":"2021-08-17T13:28:57.801578Z"}}`,
		id:   "msg_2Lh9KRb0pzN4LePd3XiA4v12Axj", kind: "public_incident.follow_up_updated_v2",
		late: 5 * time.Minute, early: 5 * time.Minute,
	},
})
