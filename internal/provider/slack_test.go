package provider_test

import "time"

var _ = add("slack", []vector{
	{
		by:     "the test of slack-go 0.35.0",
		secret: "e6b19c573432dcc6b075501d51b51bb8",
		late:   5 * time.Minute, early: 5 * time.Minute,
		at: 1531431954,
		headers: []string{
			"X-Slack-Signature", "v0=adada4ed31709aef585c2580ca3267678c6a8eaeb7e0c1aca3ee57b656886b2c",
			"X-Slack-Request-Timestamp", "1531431954",
		},
		body: `{"token":"aF5ynEYQH0dFN9imlgcADxDB","team_id":"XXXXXXXXX","api_app_id":"YYYYYYYYY","event":{"type":"app_mention","user":"AAAAAAAAA","text":"<@EEEEEEEEE> hello world","client_msg_id":"477cc591-ch73-a14z-4db8-g0cd76321bec","ts":"1531431954.000073","channel":"TTTTTTTTT","event_ts":"1531431954.000073"},"type":"event_callback","event_id":"TvBP7LRED7","event_time":1531431954,"authed_users":["EEEEEEEEE"]}`,
		id:   "TvBP7LRED7", kind: "app_mention", subject: "XXXXXXXXX",
	},
	{
		by:     "@slack/bolt 5.1.0, an interaction",
		secret: "slack-secret",
		late:   5 * time.Minute, early: 5 * time.Minute,
		at: newYear,
		headers: []string{
			"X-Slack-Signature", "v0=003ecc9dd244df2cd9b390469cf607c840e4736ae5c992a3ac61d0aa8c3120aa",
			"X-Slack-Request-Timestamp", "1767225600",
			"Content-Type", "application/x-www-form-urlencoded",
		},
		body: "payload=%7B%22type%22%3A%22block_actions%22%2C%22team%22%3A%7B%22id%22%3A%22T9TK3CUKW%22%2C%22domain%22%3A%22example%22%7D%2C%22trigger_id%22%3A%2212321423423.333649436676%22%7D",
		kind: "block_actions", subject: "T9TK3CUKW",
	},
	{
		by:     "@slack/bolt 5.1.0, a slash command",
		secret: "slack-secret",
		late:   5 * time.Minute, early: 5 * time.Minute,
		at: newYear,
		headers: []string{
			"X-Slack-Signature", "v0=d510cf6c9b39ff2b70bf775266a10bc7576c3aa79bf545f52579af5ef80bcb9e",
			"X-Slack-Request-Timestamp", "1767225600",
			"Content-Type", "application/x-www-form-urlencoded; charset=utf-8",
		},
		body: "token=gIkuvaNzQIHg97ATvDxqgjtO&team_id=T0001&team_domain=example&command=%2Fweather&text=94070&trigger_id=13345224609.738474920.8088930838d88f008e0",
		kind: "/weather", subject: "T0001",
	},
	{
		by:     byWords,
		secret: "slack-secret",
		late:   5 * time.Minute, early: 5 * time.Minute,
		at: newYear,
		headers: []string{
			"X-Slack-Signature", "v0=1a5e08506efd14db8117139ecc7285ffca236506d51854b421d21e72c6b0d5d3",
			"X-Slack-Request-Timestamp", "1767225600",
		},
		body: `{"type":"url_verification_done","challenge":"x","team_id":"T0001"}`,
		kind: "url_verification_done", subject: "T0001",
	},
})

const slackChallenge = `{"token":"t","challenge":"3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P","type":"url_verification"}`

var _ = verifies("slack", []handshake{
	{"s", post("", slackChallenge, "X-Slack-Request-Timestamp", unixNow, "X-Slack-Signature", "v0="+hexMAC("s", "v0:"+unixNow+":"+slackChallenge)), 200, "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P", []string{"Content-Type", "text/plain; charset=utf-8"}},
	{"s", post("", slackChallenge), 401, "", nil},
	{"s", post("", slackChallenge, "X-Slack-Request-Timestamp", unixNow, "X-Slack-Signature", "v0="+hexMAC("x", "v0:"+unixNow+":"+slackChallenge)), 401, "", nil},
	{"s", get("challenge=1"), 405, "", []string{"Allow", "POST"}},
})
