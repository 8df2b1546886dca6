package provider_test

var _ = add("vercel", []vector{
	{
		by:     "the words of Vercel's example-marketplace-integration",
		secret: "vercel-secret",
		headers: []string{
			"X-Vercel-Signature", "46efc1cddcf8015e7b3cebb299e97e6e7c943c71",
		},
		body: `{"id":"uev_CzV9tQ3xBkN0","type":"deployment.created","createdAt":1767225600000,"region":"sfo1","payload":{"team":{"id":"team_MtLD9hKuWAvoDd3KmiHs9zUg"},"user":{"id":"3qxcaXySGdnkVIMvkODCVqFC"},"deployment":{"id":"dpl_5m8CQaRBm3FnWRW1od3wKTpaECPx","name":"my-project","url":"my-project.vercel.app"},"project":{"id":"prj_LfPNvDCgfOKqOWTXTqGMRCIwKXCg"}}}`,
		id:   "uev_CzV9tQ3xBkN0", kind: "deployment.created", subject: "dpl_5m8CQaRBm3FnWRW1od3wKTpaECPx",
	},
	{
		by:     "the words of Vercel's example-marketplace-integration, of an integration",
		secret: "vercel-secret",
		headers: []string{
			"X-Vercel-Signature", "9f89ecaeefcde58ce6f34af10fd9b5b93280cf2a",
		},
		body: `{"id":"uev_DzV9tQ3xBkN1","type":"integration-configuration.removed","createdAt":1767225600000,"payload":{"team":{"id":"team_MtLD9hKuWAvoDd3KmiHs9zUg"},"user":{"id":"3qxcaXySGdnkVIMvkODCVqFC"},"configuration":{"id":"icfg_cuwj0AdCdH3BwWT4LPijCC7t"}}}`,
		id:   "uev_DzV9tQ3xBkN1", kind: "integration-configuration.removed", subject: "icfg_cuwj0AdCdH3BwWT4LPijCC7t",
	},
})
