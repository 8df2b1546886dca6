package provider_test

var _ = add("github", []vector{
	{
		by:     "@octokit/webhooks-methods 6.0.0",
		secret: "gh-secret",
		headers: []string{
			"X-Hub-Signature-256", "sha256=0b669a255746189b2ca513ac37973df8d545e517fd02d551805e350b15266aec",
			"X-GitHub-Delivery", "72d3162e-cc78-11e3-81ab-4c9367dc0958",
			"X-GitHub-Event", "ping",
		},
		body: `{"zen":"Design for failure.","repository":{"full_name":"octocat/Hello-World"}}`,
		id:   "72d3162e-cc78-11e3-81ab-4c9367dc0958", kind: "ping", subject: "octocat/Hello-World",
	},
	{
		by:      byDocuments,
		secret:  "It's a Secret to Everybody",
		headers: []string{"X-Hub-Signature-256", "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"},
		body:    "Hello, World!",
	},
	{
		by:     "@octokit/webhooks-methods 6.0.0, a form",
		secret: "gh-secret",
		headers: []string{
			"X-Hub-Signature-256", "sha256=ce95ef12e0c0f13f0ca34bc66478994007c127e161213e756660d5f1a45b460e",
			"X-GitHub-Delivery", "72d3162e-cc78-11e3-81ab-4c9367dc0958",
			"X-GitHub-Event", "pull_request",
			"Content-Type", "application/x-www-form-urlencoded",
		},
		body: "payload=%7B%22action%22%3A%22opened%22%2C%22repository%22%3A%7B%22full_name%22%3A%22octocat%2FHello-World%22%7D%2C%22organization%22%3A%7B%22login%22%3A%22octocat%22%7D%7D",
		id:   "72d3162e-cc78-11e3-81ab-4c9367dc0958", kind: "pull_request", subject: "octocat/Hello-World",
	},
	{
		by:      byWords,
		secret:  "github-secret",
		headers: []string{"X-Hub-Signature-256", "sha256=bfa20f43714d196063101e93e95af73ea3abbc061c3cf47b99f573474a7cf08d", "X-GitHub-Delivery", "72d3162e-cc78-11e3-81ab-4c9367dc0958", "X-GitHub-Event", "organization", "Content-Type", "application/json"},
		body:    `{"action":"member_added","organization":{"login":"Octocoders"}}`,
		id:      "72d3162e-cc78-11e3-81ab-4c9367dc0958", kind: "organization", subject: "Octocoders",
	},
	{
		by:      byWords,
		secret:  "github-secret",
		headers: []string{"X-Hub-Signature-256", "sha256=478b9b7a31fbfc8df6274040e0ecd6b0feb8f704d22a568f5163aa56bb0dc8a8", "X-GitHub-Delivery", "72d3162e-cc78-11e3-81ab-4c9367dc0958", "X-GitHub-Event", "organization", "Content-Type", "application/x-www-form-urlencoded"},
		body:    `payload=%7B%22action%22%3A%22member_added%22%2C%22organization%22%3A%7B%22login%22%3A%22Octocoders%22%7D%7D`,
		id:      "72d3162e-cc78-11e3-81ab-4c9367dc0958", kind: "organization", subject: "Octocoders",
	},
})

var _ = verifies("github", []handshake{
	{"s", get("challenge=1"), 405, "", []string{"Allow", "POST"}},
})
