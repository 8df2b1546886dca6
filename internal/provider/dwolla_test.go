package provider_test

var _ = add("dwolla", []vector{
	{
		by:     byWords,
		secret: "dwolla-secret",
		headers: []string{
			"X-Request-Signature-SHA-256", "0655f4145df464e9dfb34c09f5d69a919cf6c10aadbc034856270469f887f6fd",
		},
		body: `{"id":"cba67e8e-4c2e-4f6b-8a2f-3fb2a0a0a1b2","resourceId":"d4d4de34-4cbe-4a9c-8f5d-2ffd2f7b6a01","topic":"customer_transfer_completed","timestamp":"2026-01-01T00:00:00.000Z","_links":{"self":{"href":"https://api.dwolla.com/events/cba67e8e-4c2e-4f6b-8a2f-3fb2a0a0a1b2"}},"created":"2026-01-01T00:00:00.000Z"}`,
		id:   "cba67e8e-4c2e-4f6b-8a2f-3fb2a0a0a1b2", kind: "customer_transfer_completed", subject: "d4d4de34-4cbe-4a9c-8f5d-2ffd2f7b6a01",
	},
})
