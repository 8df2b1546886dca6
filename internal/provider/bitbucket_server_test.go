package provider_test

var _ = add("bitbucket_server", []vector{
	{
		by:     byWords,
		secret: "bitbucket-secret",
		headers: []string{
			"X-Hub-Signature", "sha256=a964cc57960613ba72fdad57c5d17f7d96f2b558b77c7533988c5ed1299b61b3",
			"X-Event-Key", "repo:refs_changed",
			"X-Request-Id", "f47ac10b-58cc-4372-a567-0e02b2c3d479",
		},
		body: `{"eventKey":"repo:refs_changed","date":"2026-01-01T00:00:00+1000","actor":{"name":"admin"},"repository":{"slug":"repository","id":84,"project":{"key":"PROJ","id":84}},"changes":[{"refId":"refs/heads/main","type":"UPDATE"}]}`,
		kind: "repo:refs_changed", subject: "PROJ/repository",
	},
	{
		by:     byWords,
		secret: "bitbucket-secret",
		headers: []string{
			"X-Hub-Signature", "sha256=4f42f9218e0091d9848b21184c9f2fa62f753e9f1f44f8ba07630ee23c146f6d",
			"X-Event-Key", "pr:opened",
			"X-Request-Id", "f47ac10b-58cc-4372-a567-0e02b2c3d479",
		},
		body: `{"eventKey":"pr:opened","date":"2026-01-01T00:00:00+1000","actor":{"name":"admin"},"pullRequest":{"id":1,"title":"a new file added","state":"OPEN","toRef":{"id":"refs/heads/main","repository":{"slug":"repository","id":84,"project":{"key":"PROJ","id":84}}}}}`,
		kind: "pr:opened", subject: "PROJ/repository",
	},
})

var _ = verifies("bitbucket_server", []handshake{
	{"s", post("", `{"test":true}`, "X-Event-Key", "diagnostics:ping"), 200, "", nil},
	{"s", post("", `{"test":true}`, "X-Event-Key", "repo:refs_changed"), 401, "", nil},
	{"s", post("", `{"test":true}`), 401, "", nil},
	{"s", get(""), 405, "", []string{"Allow", "POST"}},
})
