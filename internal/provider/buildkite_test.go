package provider_test

import "time"

var _ = add("buildkite", []vector{
	{
		by:     byWords,
		secret: "buildkite-token",
		at:     newYear,
		headers: []string{
			"X-Buildkite-Event", "build.finished",
			"X-Buildkite-Signature", "timestamp=1767225600,signature=021e176abf9904991b15accd6f28a1a8b46458d9bae495c35c3aab68e61a0eef",
		},
		body: `{"event":"build.finished","build":{"id":"f62a1b4d-10f9-4790-bc1c-e2c3a0c80983","number":4,"state":"passed"},"pipeline":{"id":"88d73553-5533-4f56-9c16-fb38d7817d8f","slug":"my-pipeline"},"sender":{"id":"3d3c3bf0-7d58-4afe-8fe7-b3017d5504de","name":"Ada"}}`,
		kind: "build.finished", subject: "my-pipeline",
		late: 5 * time.Minute, early: 5 * time.Minute,
	},
})
