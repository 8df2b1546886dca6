package provider_test

var _ = add("modern_treasury", []vector{
	{
		by:     "modern-treasury 3.3.0",
		secret: "webhook-key",
		headers: []string{
			"X-Signature", "a742c4b549150b636f2465b7266b89710e33ed9c016cedbdb684a4b486a08b1b",
			"X-Webhook-ID", "3e7b1a52-0c6f-4d7e-8f5a-9b2c1d0e4f63",
		},
		body: `{"event":"begin_processing","data":{"id":"c5a0c4a1-6a3c-4f2e-9a7d-1b2c3d4e5f60","object":"payment_order","live_mode":true,"type":"ach","amount":5000,"direction":"credit","status":"processing"}}`,
		id:   "3e7b1a52-0c6f-4d7e-8f5a-9b2c1d0e4f63", kind: "payment_order.begin_processing", subject: "c5a0c4a1-6a3c-4f2e-9a7d-1b2c3d4e5f60",
	},
	{
		by:     "the test of modern-treasury-python",
		secret: "foo",
		headers: []string{
			"X-Signature", "57e14f6f354543f0101fb06ea24df7731d90087b76651e3497345e22a3622940",
		},
		body: `{"foo":"bar"}`,
	},
})
