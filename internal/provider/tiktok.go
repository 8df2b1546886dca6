package provider

import (
	"time"

	"github.com/caddyserver/caddy/v2"
)

var _ = add(Row{
	Name:  "tiktok",
	Title: "TikTok for Developers",
	Kind:  KindSocial,
	Docs:  "https://developers.tiktok.com/doc/webhooks-verification",
	Note: "TikTok Shop signs in another way. " +
		"Events carry no id of their own; `dedupe` can use `{http.webhook_receiver.body_sha256}`.",
	Signature: &Signature{
		Algorithm: "hmac-sha256",
		From:      []Source{"header:TikTok-Signature"},
		Separator: ",",
		Prefix:    "s=",
		Content:   "{timestamp}.{body}",
		Timestamp: []Source{"signature:t="},
		// Repeats come for 72 hours; it is not said whether they are signed anew.
		Tolerance: caddy.Duration(73 * time.Hour),
	},
	Event:  EventRules{Type: []Source{"body:event"}, Subject: []Source{"body:user_openid"}},
	Secret: "the *client secret* of the app",
})
