package provider

var _ = add(Row{
	Name:  "messagebird",
	Title: "MessageBird (the older API of Bird)",
	Kind:  KindMessaging,
	Docs:  "https://github.com/messagebird/go-rest-api/tree/master/signature_jwt",
	Note: "For webhooks of docs.bird.com use `bird`. " +
		"MessageBird signs the URL: behind another proxy `public_url` must be the one that MessageBird was given, with its query, or its scheme and host. " +
		"Events have no id: dedupe by `{http.webhook_receiver.body_sha256}`. Type and subject are those of the Conversations API.",
	Signature: &Signature{
		Algorithm: "jwt-hs256",
		From:      []Source{"header:MessageBird-Signature-JWT"},
		Claims:    map[string]string{"url_hash": "{url_sha256}", "payload_hash": "{sha256}"},
	},
	Event: EventRules{
		Type:    []Source{"body:type"},
		Subject: []Source{"body:conversation.id"},
	},
	Secret: "the *signing key* of the account",
	Accept: "any",
})
