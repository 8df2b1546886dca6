package provider_test

var _ = add("woocommerce", []vector{
	{
		by:     byWords,
		secret: "woo-secret",
		headers: []string{
			"X-WC-Webhook-Signature", "x3zdiWrJUNRAXfUTit4plXfQoyMXEsoNlK8qAZzvSOQ=",
			"X-WC-Webhook-Source", "https://shop.example.com/",
			"X-WC-Webhook-Topic", "order.updated",
			"X-WC-Webhook-Resource", "order",
			"X-WC-Webhook-Event", "updated",
			"X-WC-Webhook-ID", "3",
			"X-WC-Webhook-Delivery-ID", "8b5b6b2b5f3c4bd5a5d5b3d1b8b9a1f0",
		},
		body: `{"id":7,"parent_id":0,"status":"processing","currency":"EUR","total":"9.00","billing":{"first_name":"Ada"},"line_items":[]}`,
		kind: "order.updated", subject: "7",
	},
})
