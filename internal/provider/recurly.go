package provider

import "time"

var _ = add(Row{
	Name:  "recurly",
	Title: "Recurly",
	Kind:  KindPayments,
	Docs:  "https://docs.recurly.com/recurly-subscriptions/docs/signature-verification",
	Note: "For JSON webhooks; those in XML are not signed. The URL's port must be 80 or 443. " +
		"The body's `id` is that of what has changed, and the same in all events of it: only `{http.webhook_receiver.body_sha256}` can tell a repeat.",
	Signature: &Signature{
		Algorithm:       "hmac-sha256",
		From:            []Source{"header:recurly-signature"},
		Separator:       ",",
		Content:         "{timestamp}.{body}",
		Timestamp:       []Source{"signature:#1"},
		TimestampFormat: "unix_ms",
	},
	Event: EventRules{
		Type:    []Source{"{body:object_type}.{body:event_type}"},
		Subject: []Source{"body:account_code"},
	},
	Secret:   "the *secret key* of the endpoint, 64 hexadecimal digits, as it is",
	Timeout:  4 * time.Second,
	Patience: 5 * time.Second,
})
