package provider_test

var _ = add("paystack", []vector{
	{
		by:     byWords,
		secret: "sk_test_0123456789abcdef0123456789abcdef01234567",
		headers: []string{
			"X-Paystack-Signature", "d6541c5161b1106e47c6157ba41996b0a42cdda2956d71f84c8b79c86d20276862d8aa832245e282ce92a9d118ae1cea65bb819f80e9257f3dab8c8e5dba4ae3",
		},
		body: `{"event":"charge.success","data":{"id":302961,"domain":"live","status":"success","reference":"qTPrJoy9Bx","amount":10000,"currency":"NGN","channel":"card"}}`,
		kind: "charge.success", subject: "302961",
	},
})
