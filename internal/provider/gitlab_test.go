package provider_test

var _ = add("gitlab", []vector{
	{
		by:     byToken,
		secret: "gl token",
		says:   "token",
		headers: []string{
			"X-Gitlab-Token", "gl token",
			"X-Gitlab-Event", "Push Hook",
			"Idempotency-Key", "f5e5f430-f57b-4e6e-9fac-d9128cd7232f",
		},
		body: `{"object_kind":"push","project":{"path_with_namespace":"mike/diaspora"}}`,
		id:   "f5e5f430-f57b-4e6e-9fac-d9128cd7232f", kind: "Push Hook", subject: "mike/diaspora",
	},
})
