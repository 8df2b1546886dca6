package provider

import (
	"time"

	"github.com/caddyserver/caddy/v2"
)

var _ = add(Row{
	Name:  "vonage",
	Title: "Vonage signed webhooks",
	Kind:  KindMessaging,
	Docs:  "https://developer.vonage.com/en/getting-started/concepts/webhooks",
	Note: "Webhooks must be POST, with JSON, and signed, as those of the Messages API are: " +
		"the SMS API and Vonage Contact Center sign in other ways. " +
		"The token is of the secret whose API key it names; several secrets can be given. " +
		"Vonage may send an event unsigned for once: the answer to it is 503, so that it comes again, signed. " +
		"Events carry no id of their own; `dedupe` can use `{http.webhook_receiver.body_sha256}`.",
	Signature: &Signature{
		Algorithm: "jwt-hs256",
		From:      []Source{"header:Authorization"},
		Prefix:    "Bearer ",
		Claims:    map[string]string{"payload_hash": "{sha256}"},
		Timestamp: []Source{"claim:iat"},
		// Repeats come for 24 hours; neither documents nor samples check the time.
		Tolerance: caddy.Duration(25 * time.Hour),
	},
	Event: EventRules{
		Type:    []Source{"body:status", "body:message_type"},
		Subject: []Source{"body:message_uuid"},
		Refused: 503,
	},
	Secret: "the *signature secret* of the account",
})
