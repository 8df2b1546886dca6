package provider_test

var _ = add("quickbooks", []vector{
	{
		by:     byWords,
		secret: "b5771f19b12ddb4bcdb9f08bdc50bc63878a",
		headers: []string{
			"intuit-signature", "h1oDoTCJNVJqr9r5cs2vQPhnmvvskGXBgPyewNJDnpk=",
		},
		body: `[{"specversion":"1.0","id":"88cd52aa-33b6-4351-9aa4-47572edbd068","source":"intuit.dsnBgbseACLLRZNxo2dfc4evmEJdxde58xeeYcZliOU=","type":"qbo.account.created.v1","datacontenttype":"application/json","time":"2025-09-10T21:31:25.179851517Z","intuitentityid":"1234","intuitaccountid":"310687","data":{}}]`,
		kind: "qbo.account.created.v1", subject: "310687",
	},
	{
		by:     "the test of QuickBooks-V3-Java-SDK",
		secret: "b5771f19b12ddb4bcdb9f08bdc50bc63878a",
		headers: []string{
			"intuit-signature", "JC2GUwciPmRBwEO7WvrRmKqu9tGOKL8FFallocTFi8Q=",
		},
		body: `{"eventNotifications":[{"realmId":"1185883450","dataChangeEvent":{"entities":[{"name":"Customer","id":"1","operation":"Create","lastUpdated":"2015-10-05T14:42:19-0700"}]}}]}`,
		kind: "Customer.Create", subject: "1185883450",
	},
})
