package provider

import (
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/rules"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/sealed"
)

var _ = add(Row{
	Name:    "lark",
	Title:   "Lark (Feishu)",
	Kind:    KindMessaging,
	Aliases: []string{"feishu"},
	Docs:    "https://open.larkoffice.com/document/ukTMukTMukTM/uYDNxYjL2QTM24iN0EjN/event-subscription-configure-/encrypt-key-encryption-configuration-case",
	Note: "Set an *Encrypt Key* at the app: without it events are neither encrypted nor signed, and are refused. `data` is what was encrypted. " +
		"With `verify_token` the token in each event must be the *Verification Token*, too; it is stored with them. " +
		"The check of the URL comes without a signature, so it is answered to whoever knows the Encrypt Key or, unencrypted, the token. " +
		"Of the signed time neither unit nor window is documented, so an old request is taken when it comes again: `dedupe` keeps it from being stored twice.",
	Verification: &Verification{
		Method:      "POST",
		Match:       map[Source]string{"body:type": "url_verification"},
		Signed:      true,
		Challenge:   "body:challenge",
		ContentType: "application/json",
		Body:        `{"challenge":"{challenge}"}`,
	},
	Signature: &Signature{
		Algorithm: "sha256",
		From:      []Source{"header:X-Lark-Signature"},
		Content:   "{header:X-Lark-Request-Timestamp}{header:X-Lark-Request-Nonce}{secret}{body}",
		Sealed: &rules.Sealed{
			Cipher:           sealed.Lark{},
			Envelope:         sealed.JSON{},
			Token:            []Source{"body:header.token", "body:token"},
			OpenVerification: true,
		},
	},
	Event: EventRules{
		ID:   []Source{"body:header.event_id", "body:uuid"},
		Type: []Source{"body:header.event_type", "body:event.type"},
	},
	Token:         "the *Verification Token* of the app",
	TokenOptional: true,
	Secret:        "the *Encrypt Key* of the app",
	Timeout:       2400 * time.Millisecond,
	Patience:      3 * time.Second,
})
