package provider_test

var _ = add("jira", []vector{
	{
		by:      byDocuments,
		secret:  "It's a Secret to Everybody",
		headers: []string{"X-Hub-Signature", "sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9"},
		body:    "Hello World!",
	},
	{
		by:     byWords,
		secret: "jira-secret",
		headers: []string{
			"X-Hub-Signature", "sha256=8ce45fe8e54a8f1697095724ac0dfca651d401ca9dd219c58dff04e0a4871692",
			"X-Atlassian-Webhook-Identifier", "3c6e0b8a-9c15-4a2f-8f5d-2b1c0d9e8f7a",
		},
		body: `{"timestamp":1767225600000,"webhookEvent":"jira:issue_updated","issue_event_type_name":"issue_updated","user":{"accountId":"a1","displayName":"Ada"},"issue":{"id":"10002","key":"TEST-2","fields":{"summary":"Fix it"}},"changelog":{"items":[]}}`,
		id:   "3c6e0b8a-9c15-4a2f-8f5d-2b1c0d9e8f7a", kind: "jira:issue_updated", subject: "TEST-2",
	},
})
