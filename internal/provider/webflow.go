package provider

import (
	"time"

	"github.com/caddyserver/caddy/v2"
)

var _ = add(Row{
	Name:  "webflow",
	Title: "Webflow",
	Kind:  KindMedia,
	Docs:  "https://developers.webflow.com/data/docs/working-with-webhooks",
	Note: "Webhooks that are made in the dashboard are not signed: make them with the API. " +
		"Events have no id: `dedupe` can go by `{http.webhook_receiver.body_sha256}`.",
	Signature: &Signature{
		Algorithm:       "hmac-sha256",
		From:            []Source{"header:x-webflow-signature"},
		Content:         "{timestamp}:{body}",
		Timestamp:       []Source{"header:x-webflow-timestamp"},
		TimestampFormat: "unix_ms",
		// Three repeats, 10 minutes apart; the library checks no time.
		Tolerance: caddy.Duration(time.Hour),
	},
	Event:  EventRules{Type: []Source{"body:triggerType"}, Subject: []Source{"body:payload.siteId", "body:payload.id"}},
	Secret: "the *secret* of the webhook, or the *client secret* of the app that has made it",
})
