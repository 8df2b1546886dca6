package provider

import "time"

var _ = add(Row{
	Name:  "supabase",
	Title: "Supabase Auth Hooks",
	Kind:  KindIdentity,
	Docs:  "https://supabase.com/docs/guides/auth/auth-hooks",
	Note: "Supabase Auth waits for the answer, which is always 204, without a decision: what is to be sent by `send-sms` and `send-email`, the readers of the events must send. " +
		"The hook `customize-access-token` needs claims in the answer, so don't use it here. " +
		"If an event can't be stored, the sign-up or login that it belongs to fails.",
	Signature: keyed(standardWebhooks("webhook"), "base64", "v1,whsec_"),
	Event: EventRules{
		ID:      []Source{"body:metadata.uuid"},
		Type:    []Source{"body:metadata.name"},
		Subject: []Source{"body:user.id", "body:user_id"},
		Status:  204,
	},
	Timeout:  4 * time.Second,
	Patience: 5 * time.Second,
	Secret:   "the *secret* of the hook, `v1,whsec_…`; of several, each by itself",
})
