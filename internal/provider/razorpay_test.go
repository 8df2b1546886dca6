package provider_test

var _ = add("razorpay", []vector{
	{
		by:     "razorpay 2.9.8 for Node",
		secret: "razorpay-webhook-secret",
		headers: []string{
			"X-Razorpay-Signature", "52991339767680086eb84a9570d96b039b2922156478ee87c84a68065deaddd1",
			"x-razorpay-event-id", "evt_0123456789abcd",
		},
		body:    `{"entity":"event","account_id":"acc_BFQ7uQEaa7j2z7","event":"order.paid","contains":["payment","order"],"payload":{"payment":{"entity":{"id":"pay_DESlfW9H8K9uqM","entity":"payment","amount":100,"currency":"INR","status":"captured","order_id":"order_DESlLckIVRkHWj"}},"order":{"entity":{"id":"order_DESlLckIVRkHWj","entity":"order","amount":100,"status":"paid"}}},"created_at":1767225600}`,
		id:      "evt_0123456789abcd",
		kind:    "order.paid",
		subject: "order_DESlLckIVRkHWj",
	},
	{
		by:     "razorpay 2.9.8 for Node, a payment",
		secret: "razorpay-webhook-secret",
		headers: []string{
			"X-Razorpay-Signature", "4746a7e1009d90741c059cbce6ac9f5c1e08e0664086be0a0591685d3fb795f5",
			"x-razorpay-event-id", "evt_0123456789abce",
		},
		body:    `{"entity":"event","account_id":"acc_BFQ7uQEaa7j2z7","event":"payment.captured","contains":["payment"],"payload":{"payment":{"entity":{"id":"pay_DESlfW9H8K9uqM","entity":"payment","amount":100,"currency":"INR","status":"captured","order_id":"order_DESlLckIVRkHWj"}}},"created_at":1767225600}`,
		id:      "evt_0123456789abce",
		kind:    "payment.captured",
		subject: "pay_DESlfW9H8K9uqM",
	},
	{
		by:     "razorpay 2.9.8 for Node, a subscription",
		secret: "razorpay-webhook-secret",
		headers: []string{
			"X-Razorpay-Signature", "35eac497646cf18a40cf6b9858a542b039c61af9a3661241b6b859c20ab048f8",
			"x-razorpay-event-id", "evt_0123456789abcf",
		},
		body:    `{"entity":"event","account_id":"acc_BFQ7uQEaa7j2z7","event":"subscription.charged","contains":["subscription","payment"],"payload":{"subscription":{"entity":{"id":"sub_DEX6xcJ1HSW4CR","entity":"subscription","status":"active"}},"payment":{"entity":{"id":"pay_DESlfW9H8K9uqM","entity":"payment","amount":100,"currency":"INR","status":"captured","order_id":"order_DESlLckIVRkHWj"}}},"created_at":1767225600}`,
		id:      "evt_0123456789abcf",
		kind:    "subscription.charged",
		subject: "sub_DEX6xcJ1HSW4CR",
	},
	{
		by:     "razorpay 2.9.8 for Node, a settlement",
		secret: "razorpay-webhook-secret",
		headers: []string{
			"X-Razorpay-Signature", "9b313b299b93d363b23b10d88ed12c2698ce3bf9bce558eeeb6fb7f7ac595a0b",
			"x-razorpay-event-id", "evt_0123456789abd0",
		},
		body:    `{"entity":"event","account_id":"acc_BFQ7uQEaa7j2z7","event":"settlement.processed","contains":["settlement"],"payload":{"settlement":{"entity":{"id":"setl_7IZKKI4Pnt2kEe","entity":"settlement"}}},"created_at":1767225600}`,
		id:      "evt_0123456789abd0",
		kind:    "settlement.processed",
		subject: "acc_BFQ7uQEaa7j2z7",
	},
})
