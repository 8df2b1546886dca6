package provider

import (
	"time"

	"github.com/caddyserver/caddy/v2"
)

var _ = add(Row{
	Name:  "zoom",
	Title: "Zoom",
	Kind:  KindMessaging,
	Docs:  "https://developers.zoom.us/docs/api/webhooks/",
	Verification: &Verification{
		Method:      "POST",
		Match:       map[Source]string{"body:event": "endpoint.url_validation"},
		Signed:      true,
		Challenge:   "body:payload.plainToken",
		HMAC:        "hex",
		ContentType: "application/json",
		Body:        `{"plainToken":"{challenge}","encryptedToken":"{hmac}"}`,
	},
	Signature: &Signature{
		Algorithm: "hmac-sha256",
		From:      []Source{"header:x-zm-signature"},
		Prefix:    "v0=",
		Content:   "v0:{timestamp}:{body}",
		Timestamp: []Source{"header:x-zm-request-timestamp"},
		// The third repeat comes 85 minutes after the event; neither documents nor
		// library (Rivet 0.4.0) say or check when it was signed.
		Tolerance: caddy.Duration(2 * time.Hour),
	},
	Event:    EventRules{Type: []Source{"body:event"}, Subject: []Source{"body:payload.object.id"}},
	Secret:   "the *secret token* of the app",
	Timeout:  2500 * time.Millisecond,
	Patience: 3 * time.Second,
})
