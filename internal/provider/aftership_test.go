package provider_test

var _ = add("aftership", []vector{
	{
		by:     byWords,
		secret: "aftership-secret",
		headers: []string{
			"AfterShip-Hmac-SHA256", "lN5aLjZPr7ckizHpNroORw7rt6Y+TkpBDiesa0mn6Zw=",
		},
		body: `{"event":"tracking_update","event_id":"fa2f1e2a-4f5b-4c6d-8e7f-9a0b1c2d3e4f","is_tracking_first_tag":true,"ts":1767225600,"msg":{"id":"5b7658cec7c33c0e007de3c5","tracking_number":"4845745036","slug":"bluedart","tag":"Delivered"}}`,
		id:   "fa2f1e2a-4f5b-4c6d-8e7f-9a0b1c2d3e4f", kind: "tracking_update", subject: "5b7658cec7c33c0e007de3c5",
	},
})
