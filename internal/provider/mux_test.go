package provider_test

import "time"

var _ = add("mux", []vector{
	{
		by:      "the test of mux-elixir",
		secret:  "SuperSecret123",
		at:      1565125718,
		headers: []string{"mux-signature", "t=1565125718,v1=854ece4c22acef7c66b57d4e504153bc512595e8e9c772ece2a68150548c19a7"},
		body:    `{"test":"body"}`,
		late:    5 * time.Minute, early: 5 * time.Minute,
	},
	{
		by:      "@mux/mux-node 15.3.0",
		secret:  "mux-secret",
		at:      newYear,
		headers: []string{"mux-signature", "t=1767225600,v1=16fed5127db0cee36484af1d75515f5978df5de33c27eb84f9d66e8c2893bc72"},
		body:    `{"type":"video.asset.ready","id":"3a56ac3d-33da-4366-855b-f592d898409d","created_at":"2026-01-01T00:00:00.000000Z","object":{"type":"asset","id":"0201p02fGKPE7MrbC269XRD7LpcHhrmbu0002"},"environment":{"name":"Production","id":"j0863n"},"data":{"id":"0201p02fGKPE7MrbC269XRD7LpcHhrmbu0002","status":"ready"},"attempts":[]}`,
		id:      "3a56ac3d-33da-4366-855b-f592d898409d", kind: "video.asset.ready", subject: "0201p02fGKPE7MrbC269XRD7LpcHhrmbu0002",
		late: 5 * time.Minute, early: 5 * time.Minute,
	},
	{
		by:      "the same, with two signatures",
		secret:  "mux-secret",
		at:      newYear,
		headers: []string{"mux-signature", "t=1767225600,v1=7558b1bdb09e5e43bfe300a849c2607c1c7841425b7e06e9c60011e6841c0b4b,v1=16fed5127db0cee36484af1d75515f5978df5de33c27eb84f9d66e8c2893bc72"},
		body:    `{"type":"video.asset.ready","id":"3a56ac3d-33da-4366-855b-f592d898409d","created_at":"2026-01-01T00:00:00.000000Z","object":{"type":"asset","id":"0201p02fGKPE7MrbC269XRD7LpcHhrmbu0002"},"environment":{"name":"Production","id":"j0863n"},"data":{"id":"0201p02fGKPE7MrbC269XRD7LpcHhrmbu0002","status":"ready"},"attempts":[]}`,
		id:      "3a56ac3d-33da-4366-855b-f592d898409d", kind: "video.asset.ready", subject: "0201p02fGKPE7MrbC269XRD7LpcHhrmbu0002",
		late: 5 * time.Minute, early: 5 * time.Minute,
	},
})
