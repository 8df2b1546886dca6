package provider_test

var _ = add("pulumi", []vector{
	{
		by:     byWords,
		secret: "pulumi-secret",
		headers: []string{
			"Pulumi-Webhook-ID", "d19e5c1b-3a4f-4c2f-9f7a-1d2c3b4a5968",
			"Pulumi-Webhook-Kind", "stack_update",
			"Pulumi-Webhook-Signature", "1fe4721f482480c0756b83df1252627cbc54badf44b8d2ddd93b09cbaeb149e4",
		},
		body: `{"user":{"name":"Ada","githubLogin":"ada"},"organization":{"name":"Example","githubLogin":"example"},"projectName":"website","stackName":"prod","updateUrl":"https://app.pulumi.com/example/website/prod/updates/12","kind":"update","result":"succeeded"}`,
		kind: "stack_update", subject: "example/website/prod",
	},
})
