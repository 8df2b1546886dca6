package provider_test

var _ = add("framer", []vector{
	{
		by:     byWords,
		secret: "framer-secret-of-at-least-32-characters",
		headers: []string{
			"Framer-Signature", "sha256=27c7d3d3f04ca980f35b0a2f0cfbeade0f0f5f409dc853990afb0a9fd9d87df3",
			"Framer-Webhook-Submission-Id", "0f9c6a52-3c1b-4f0d-9f3e-6b7a8c9d0e1f",
		},
		body: `{"Name":"Jane","Email":"jane@example.com","Message":"Hello"}`,
		id:   "0f9c6a52-3c1b-4f0d-9f3e-6b7a8c9d0e1f",
	},
})
