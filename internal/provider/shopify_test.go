package provider_test

var _ = add("shopify", []vector{
	{
		by:     "@shopify/shopify-api 13.1.0",
		secret: "hush",
		headers: []string{
			"X-Shopify-Hmac-SHA256", "qBvrsZF7RfB1iS6BX6IHqJTp5L911P7intnPeTPsH0I=",
			"X-Shopify-Topic", "orders/create",
			"X-Shopify-Webhook-Id", "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043",
		},
		body: `{"id":820982911946154508}`,
		id:   "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043", kind: "orders/create", subject: "820982911946154508",
	},
	{
		by:     "@shopify/shopify-api 13.1.0, as an event",
		secret: "hush",
		headers: []string{
			"Shopify-Hmac-Sha256", "EMgBRPrFNPQGrbLSJ2AEew7xI1wcUUyFMfUB83jyogM=",
			"Shopify-Topic", "Product",
			"Shopify-Webhook-Id", "6f4f0e2c-5a5e-4d0d-9d6a-3c2a1f0e9b11",
			"Shopify-Resource-Id", "gid://shopify/Product/1",
		},
		body: `{"topic":"Product","action":"update","product":{"id":"gid://shopify/Product/1"}}`,
		id:   "6f4f0e2c-5a5e-4d0d-9d6a-3c2a1f0e9b11", kind: "Product", subject: "gid://shopify/Product/1",
	},
})
