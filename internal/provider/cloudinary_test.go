package provider_test

import "time"

var _ = add("cloudinary", []vector{
	{
		by:     "the test of cloudinary for Node",
		secret: "shhh",
		at:     1417727468,
		headers: []string{
			"X-Cld-Timestamp", "1417727468",
			"X-Cld-Signature", "bac927006d3ce039ef7632e2c03189348d02924a",
		},
		body:    `{"public_id":"117e5550-7bfa-11e4-80d7-f962166bd3be","version":1417727468}`,
		subject: "117e5550-7bfa-11e4-80d7-f962166bd3be",
		late:    2 * time.Hour, early: 2 * time.Hour,
	},
	{
		by:     "cloudinary 2.11.0, with SHA-256",
		secret: "cloudinary-secret",
		at:     newYear,
		headers: []string{
			"X-Cld-Timestamp", "1767225600",
			"X-Cld-Signature", "e928b5286d49dbeb3c3a83b0dffd2cb832a34504b9a80c5b1ad77ffdbda7268e",
		},
		body: `{"notification_type":"upload","timestamp":"2026-01-01T00:00:00+00:00","request_id":"8b5b6b2b5f3c4bd5a5d5b3d1b8b9a1f0","asset_id":"9ab5b0b2c3d34e4f8a1b2c3d4e5f6071","public_id":"samples/dog","version":1767225600,"resource_type":"image","type":"upload"}`,
		kind: "upload", subject: "samples/dog",
		late: 2 * time.Hour, early: 2 * time.Hour,
	},
	{
		by:     "cloudinary 2.11.0, with SHA-1",
		secret: "cloudinary-secret",
		at:     newYear,
		headers: []string{
			"X-Cld-Timestamp", "1767225600",
			"X-Cld-Signature", "cb8fe81a2164c409c4753789f87230d0e17e8d19",
		},
		body: `{"notification_type":"resource_context_changed","timestamp":"2026-01-01T00:00:00+00:00","asset_id":"9ab5b0b2c3d34e4f8a1b2c3d4e5f6071"}`,
		kind: "resource_context_changed", subject: "9ab5b0b2c3d34e4f8a1b2c3d4e5f6071",
		late: 2 * time.Hour, early: 2 * time.Hour,
	},
})
