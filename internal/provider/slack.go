package provider

import "time"

var _ = add(Row{
	Name:  "slack",
	Title: "Slack Events API",
	Kind:  KindMessaging,
	Docs:  "https://docs.slack.dev/authentication/verifying-requests-from-slack",
	Note:  "Slash commands and interactions come as forms. They are answered with an empty body, and stored as they were sent.",
	Verification: &Verification{
		Method:    "POST",
		Match:     map[Source]string{"body:type": "url_verification"},
		Signed:    true,
		Challenge: "body:challenge",
	},
	Signature: &Signature{
		Algorithm: "hmac-sha256",
		From:      []Source{"header:X-Slack-Signature"},
		Prefix:    "v0=",
		Content:   "v0:{timestamp}:{body}",
		Timestamp: []Source{"header:X-Slack-Request-Timestamp"},
	},
	Event: EventRules{
		ID:      []Source{"body:event_id"},
		Type:    []Source{"body:event.type", "body:type", "form:payload.type", "form:command"},
		Subject: []Source{"body:team_id", "form:payload.team.id", "form:team_id"},
	},
	Accept:   "any",
	Secret:   "the *signing secret* of the app",
	Timeout:  2500 * time.Millisecond,
	Patience: 3 * time.Second,
})
