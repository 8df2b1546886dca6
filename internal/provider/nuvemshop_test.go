package provider_test

var _ = add("nuvemshop", []vector{
	{
		by:     byWords,
		secret: "nuvemshop-secret",
		headers: []string{
			"X-Linkedstore-HMAC-SHA256", "d89c5ff759813ff097cbdd386d8b7b35f1fff075897d458645532a4c40cd9c4d",
		},
		body: `{"store_id":123,"event":"product/created","id":1948209}`,
		kind: "product/created", subject: "123",
	},
})
