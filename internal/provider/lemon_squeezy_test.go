package provider_test

var _ = add("lemon_squeezy", []vector{
	{
		by:     byWords,
		secret: "lemon-secret",
		headers: []string{
			"X-Signature", "9d0e8fcb1baeabea7c4db4e367df9ebbd0ca9fdc0be5f820119fbe5d8e329538",
		},
		body: `{"meta":{"event_name":"order_created","custom_data":{"customer_id":25}},"data":{"type":"orders","id":"1","attributes":{"store_id":1,"customer_id":1,"identifier":"636f855c-1fb9-4c07-b75c-3a10afef010a","status":"paid","total":999}}}`,
		kind: "order_created", subject: "1",
	},
})
