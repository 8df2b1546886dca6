package provider_test

var _ = add("discourse", []vector{
	{
		by:     byWords,
		secret: "discourse-secret",
		headers: []string{
			"X-Discourse-Event-Signature", "sha256=39a02091ab2349468a0b7a549070b26d2be6006de2af311eeb64b84861484b27",
			"X-Discourse-Instance", "https://forum.example.com",
			"X-Discourse-Event-Id", "12",
			"X-Discourse-Event-Type", "post",
			"X-Discourse-Event", "post_created",
			"Content-Type", "application/json",
		},
		body: `{"post":{"id":5,"topic_id":3,"username":"ada","raw":"Hello"}}`,
		kind: "post_created", subject: "https://forum.example.com",
	},
	{
		by:     byWords,
		secret: "discourse-secret",
		headers: []string{
			"X-Discourse-Event-Signature", "sha256=e44b2655fa5323aec0b61b016e31a39e2b5085d3830cf3be5937f0e97b15fe9d",
			"X-Discourse-Instance", "https://forum.example.com",
			"X-Discourse-Event-Id", "12",
			"X-Discourse-Event-Type", "ping",
			"Content-Type", "application/x-www-form-urlencoded",
		},
		body: `{"ping":"OK"}`,
		kind: "ping", subject: "https://forum.example.com",
	},
})
