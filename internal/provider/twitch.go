package provider

import (
	"time"

	"github.com/caddyserver/caddy/v2"
)

var _ = add(Row{
	Name:  "twitch",
	Title: "Twitch EventSub",
	Kind:  KindSocial,
	Docs:  "https://dev.twitch.tv/docs/eventsub/handling-webhook-events/",
	Verification: &Verification{
		Method:    "POST",
		Match:     map[Source]string{"header:Twitch-Eventsub-Message-Type": "webhook_callback_verification"},
		Signed:    true,
		Challenge: "body:challenge",
	},
	Signature: &Signature{
		Algorithm:       "hmac-sha256",
		From:            []Source{"header:Twitch-Eventsub-Message-Signature"},
		Prefix:          "sha256=",
		Content:         "{id}{timestamp}{body}",
		ID:              []Source{"header:Twitch-Eventsub-Message-Id"},
		Timestamp:       []Source{"header:Twitch-Eventsub-Message-Timestamp"},
		TimestampFormat: "rfc3339",
		Tolerance:       caddy.Duration(10 * time.Minute),
	},
	Event: EventRules{
		ID:      []Source{"header:Twitch-Eventsub-Message-Id"},
		Type:    []Source{"body:subscription.type"},
		Subject: []Source{"body:event.broadcaster_user_id"},
	},
	Secret:  "the `secret` of the subscription",
	Timeout: 4 * time.Second,
})
