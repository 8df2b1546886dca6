package provider

import "time"

var _ = add(Row{
	Name:  "sentry",
	Title: "Sentry (integration platform)",
	Kind:  KindOperations,
	Docs:  "https://docs.sentry.io/organization/integrations/integration-platform/webhooks/",
	Note: "Sentry waits for one second, and switches webhooks off that often take longer. " +
		"Each repeat has a `Request-ID` of its own: dedupe by `{http.webhook_receiver.body_sha256}`. " +
		"The first half of the type is in a header, which is not signed.",
	Signature: &Signature{Algorithm: "hmac-sha256", From: []Source{"header:Sentry-Hook-Signature"}},
	Event: EventRules{
		Type:    []Source{"{header:Sentry-Hook-Resource}.{body:action}"},
		Subject: []Source{"body:installation.uuid"},
	},
	Secret:   "the *client secret* of the integration",
	Timeout:  800 * time.Millisecond,
	Patience: time.Second,
})
