package provider_test

var _ = add("launchdarkly", []vector{
	{
		by:     byWords,
		secret: "launchdarkly-secret",
		headers: []string{
			"X-LD-Signature", "5a6534975140b02116bf10c09782c9be6a74c72a0417fd470849bdb5bc66997f",
		},
		body: `{"_links":{"canonical":{"href":"/api/v2/projects/my-project/flags/my-flag","type":"application/json"}},"_id":"5d0d1d5f4e5f6a0c3a8b4567","_accountId":"561c579cd8fd5c2704000001","date":1767225600000,"accesses":[{"action":"updateOn","resource":"proj/my-project:env/production:flag/my-flag"}],"kind":"flag","name":"My flag","description":"","shortDescription":""}`,
		id:   "5d0d1d5f4e5f6a0c3a8b4567", kind: "flag.updateOn",
	},
})
