package provider_test

var _ = add("bitbucket", []vector{
	{
		by:     byWords,
		secret: "bitbucket-secret",
		headers: []string{
			"X-Hub-Signature", "sha256=d0e8ec82cd3226ed18c7cac832bc6794dd747ee65e44cdc2b776dfd4cc190abb",
			"X-Event-Key", "repo:push",
			"X-Hook-UUID", "1a2b3c4d-0000-4000-8000-000000000000",
			"X-Request-UUID", "f47ac10b-58cc-4372-a567-0e02b2c3d479",
			"X-Attempt-Number", "1",
		},
		body: `{"actor":{"type":"user","display_name":"Ada"},"repository":{"type":"repository","full_name":"team/app","uuid":"{673a6070-3421-46c9-9d48-90745f7bfe8e}"},"push":{"changes":[{"new":{"type":"branch","name":"main"}}]}}`,
		kind: "repo:push", subject: "team/app",
	},
})
