package provider

var _ = add(Row{
	Name:  "mandrill",
	Title: "Mailchimp Transactional (Mandrill)",
	Kind:  KindMessaging,
	Docs:  "https://mandrill.zendesk.com/hc/en-us/articles/360039232513-How-to-Authenticate-Webhook-Requests",
	Note: "Mandrill signs the URL: behind another proxy `public_url` must be the webhook's URL, letter for letter, or its scheme and host. " +
		"A body is a list of events, and is stored as one event; the type is that of the first. " +
		"Events have no id: dedupe by `{http.webhook_receiver.body_sha256}`.",
	Verification: &Verification{Method: "HEAD"},
	Signature: &Signature{
		Algorithm: "hmac-sha1",
		From:      []Source{"header:X-Mandrill-Signature"},
		Encoding:  "base64",
		Content:   "{url}{form}",
	},
	Event:   EventRules{Type: []Source{"form:mandrill_events.0.event"}},
	Accept:  "any",
	Secret:  "the *key* of the webhook",
	Aliases: []string{"mailchimp_transactional"},
})
