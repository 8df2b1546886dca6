package provider_test

var _ = add("solidgate", []vector{
	{
		by:     byWords,
		secret: "wh_sk_8f8a8k8e8k8e8y8",
		headers: []string{
			"Merchant", "wh_pk_8f8a8k8e8k8e8y8",
			"Signature", "YzU0NmFhOWYyODU5NmVjY2U3OWY1NDBkYzA4ZTY4ZTBkZTFlZDhmOWI1OGM4ZWMzNzVhYWI4ZmQ2MTE3NzkwZTNkMzlhZjdhMzNkNDM3ZTJlZjU0ZWJjZGI0NTRlYTE2NzZhNTc1YzUzZjI0ZWM1ODhhYjBiMzdkYTVlMjFmNjg=",
			"Solidgate-Event-Id", "e1765cf7-70f7-4e56-8fb2-bd88744a94d1",
		},
		body: `{"order":{"order_id":"1572343279551","order_description":"Premium package","customer_email":"jondou@example.com","amount":100,"currency":"USD","status":"settle_ok"}}`,
		id:   "e1765cf7-70f7-4e56-8fb2-bd88744a94d1", subject: "1572343279551",
	},
})
