package provider

import "time"

var _ = add(Row{
	Name:  "neon_auth",
	Title: "Neon Auth",
	Kind:  KindIdentity,
	Docs:  "https://neon.com/docs/auth/guides/webhooks",
	Note: "Subscribe to `user.created` only. " +
		"Neon waits for the answer to the others. A sign-up with `user.before_create` fails, as the answer does not allow it. " +
		"With `send.otp` or `send.magic_link` nobody sends the code or link to the user, and it is stored here. " +
		"The key is at `/.well-known/jwks.json` on the auth server. When Neon changes it, events are refused until the new one is given, and are not sent again. " +
		"Leave `timeout_seconds` at 5 or more.",
	Signature: &Signature{
		Algorithm:       "jws-ed25519",
		From:            []Source{"header:X-Neon-Signature"},
		Content:         "{timestamp}.{body_base64url}",
		Timestamp:       []Source{"header:X-Neon-Timestamp"},
		TimestampFormat: "unix_ms",
	},
	Event:    EventRules{ID: []Source{"body:event_id"}, Type: []Source{"body:event_type"}, Subject: []Source{"body:user.id"}},
	Secret:   "the *public key* of the auth server, the `x` of its JSON Web Key",
	Timeout:  4 * time.Second,
	Patience: 5 * time.Second,
})
