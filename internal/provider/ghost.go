package provider

import "time"

var _ = add(Row{
	Name:  "ghost",
	Title: "Ghost",
	Kind:  KindMedia,
	Docs:  "https://github.com/TryGhost/Ghost/blob/main/ghost/core/core/server/services/webhooks/WebhookTrigger.js",
	Note: "Give the webhook a secret: without one Ghost does not sign. Versions before July 2024 sign otherwise, and are refused. " +
		"Ghost repeats nothing. Events have no id.",
	Signature: &Signature{
		Algorithm:       "hmac-sha256",
		From:            []Source{"header:X-Ghost-Signature"},
		Separator:       ",",
		Prefix:          "sha256=",
		Content:         "{body}{timestamp}",
		Timestamp:       []Source{"signature:t="},
		TimestampFormat: "unix_ms",
	},
	Event: EventRules{
		Type:    []Source{"body:event"},
		Subject: []Source{"body:post.current.id", "body:page.current.id", "body:member.current.id", "body:tag.current.id"},
	},
	Secret:   "the *secret* of the webhook",
	Timeout:  1600 * time.Millisecond,
	Patience: 2 * time.Second,
})
