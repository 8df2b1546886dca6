package provider

import (
	"time"

	"github.com/caddyserver/caddy/v2"
)

var _ = add(Row{
	Name:  "box",
	Title: "Box",
	Kind:  KindWork,
	Docs:  "https://developer.box.com/guides/webhooks/v2/signatures-v2/",
	Signature: &Signature{
		Algorithm:       "hmac-sha256",
		From:            []Source{"header:BOX-SIGNATURE-PRIMARY", "header:BOX-SIGNATURE-SECONDARY"},
		Encoding:        "base64",
		Content:         "{body}{timestamp}",
		Timestamp:       []Source{"header:BOX-DELIVERY-TIMESTAMP"},
		TimestampFormat: "rfc3339",
		Tolerance:       caddy.Duration(10 * time.Minute),
	},
	Event:  EventRules{ID: []Source{"body:id"}, Type: []Source{"body:trigger"}, Subject: []Source{"body:source.id"}},
	Secret: "the *primary* and the *secondary key* of the app",
})
