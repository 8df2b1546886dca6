package provider_test

var _ = add("pusher_beams", []vector{
	{
		by:     byWords,
		secret: "beams-webhook-secret",
		headers: []string{
			"Webhook-Signature", "b02b86db4567e5bb1e75a04cc6e63823749b9a1d",
			"Webhook-Event-Type", "v1.UserNotificationAcknowledgement",
		},
		body:    `{"payload":{"instance_id":"9c83c1b2-77ac-49c5-94c2-bfc96f9bec49","publish_id":"pubid-1df0b272-910b-43f7-9271-7345036aa739","user_id":"user-001"},"metadata":{"created_at":"2019-03-11T10:42:16+0000","event_type":"v1.UserNotificationAcknowledgement","event_id":"e1b9d31a-480e-43dc-ae97-93ed96576372","product":"beams"},"custom_data":{}}`,
		id:      "e1b9d31a-480e-43dc-ae97-93ed96576372",
		kind:    "v1.UserNotificationAcknowledgement",
		subject: "pubid-1df0b272-910b-43f7-9271-7345036aa739",
	},
})
