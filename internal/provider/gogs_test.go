package provider_test

var _ = add("gogs", []vector{
	{
		by:     byWords,
		secret: "gitea-secret",
		headers: []string{
			"X-Gogs-Signature", "a7302f4e586a819e0db2da45d095d5adac603433d24868de8a6736079943fe90",
			"X-Gogs-Delivery", "f6266f16-1bf3-46a5-9ea4-602e06ead473",
			"X-Gogs-Event", "push",
		},
		body:    `{"ref":"refs/heads/main","before":"28e1879d029cb852e4844d9c718537df08844e03","after":"bffeb74224043ba2feb48d137756c8a9331c449a","compare_url":"https://gogs.example.com/gitea/webhooks/compare/28e1879d...bffeb742","commits":[{"id":"bffeb74224043ba2feb48d137756c8a9331c449a","message":"Webhooks Yay!","author":{"name":"Gitea","email":"someone@example.com","username":"gitea"}}],"repository":{"id":140,"name":"webhooks","full_name":"gitea/webhooks","private":false},"pusher":{"login":"gitea"},"sender":{"login":"gitea"}}`,
		id:      "f6266f16-1bf3-46a5-9ea4-602e06ead473",
		kind:    "push",
		subject: "gitea/webhooks",
	},
})
