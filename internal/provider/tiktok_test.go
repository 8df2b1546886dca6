package provider_test

import "time"

var _ = add("tiktok", []vector{
	{
		by:     byWords,
		secret: "tiktok-secret",
		at:     newYear,
		headers: []string{
			"TikTok-Signature", "t=1767225600,s=2d8248834bf5de992c4f32cbb3d85dbba6d017b20b6f1042c892b76f6403cd86",
		},
		body: `{"client_key":"bwo2m45353a6k85","event":"authorization.removed","create_time":1767225600,"user_openid":"act.example12345Example12345Example","content":"{\"reason\": 1 }"}`,
		kind: "authorization.removed", subject: "act.example12345Example12345Example",
		late: 73 * time.Hour, early: 73 * time.Hour,
	},
})
