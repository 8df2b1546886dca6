package provider_test

import "time"

var _ = add("workos", []vector{
	{
		by:     "@workos-inc/node 8.13.0",
		secret: "workos-endpoint-secret",
		at:     newYear,
		headers: []string{
			"WorkOS-Signature", "t=1767225600000, v1=7b3ed5f38687503e41a38e53a584583567c260d7bd51f0e728b3b050f9b77f9a",
		},
		body:    `{"object":"event","id":"event_01EHWNC0FCBHZ3BJ7EGKYXK0E6","event":"dsync.user.created","data":{"object":"directory_user","id":"directory_user_01E1X1B89NH8Z3SDFJR4H7RGX7","directory_id":"directory_01ECAZ4NV9QMV47GW873HDCX74","state":"active"},"created_at":"2026-01-01T00:00:00.000Z"}`,
		id:      "event_01EHWNC0FCBHZ3BJ7EGKYXK0E6",
		kind:    "dsync.user.created",
		subject: "directory_user_01E1X1B89NH8Z3SDFJR4H7RGX7",
		late:    3 * time.Minute,
		early:   3 * time.Minute,
	},
})
