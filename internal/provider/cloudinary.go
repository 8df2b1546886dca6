package provider

import (
	"time"

	"github.com/caddyserver/caddy/v2"
)

var _ = add(Row{
	Name:  "cloudinary",
	Title: "Cloudinary",
	Kind:  KindMedia,
	Docs:  "https://cloudinary.com/documentation/notification_signatures",
	Note: "Events have no id: dedupe by `{http.webhook_receiver.body_sha256}`. " +
		"The signature is a plain digest, SHA-1 if the account is not set to SHA-256.",
	Signature: &Signature{
		Algorithm: "sha1 sha256",
		From:      []Source{"header:X-Cld-Signature"},
		Content:   "{body}{timestamp}{secret}",
		Timestamp: []Source{"header:X-Cld-Timestamp"},
		// That of its library.
		Tolerance: caddy.Duration(2 * time.Hour),
	},
	Event: EventRules{
		Type:    []Source{"body:notification_type"},
		Subject: []Source{"body:public_id", "body:asset_id"},
	},
	Secret: "the *API secret* of the API key for webhooks, else of the oldest active one",
})
