package provider

var _ = add(Row{
	Name:  "mongodb_atlas",
	Title: "MongoDB Atlas, Cloud Manager and Ops Manager",
	Kind:  KindOperations,
	Docs:  "https://www.mongodb.com/docs/atlas/tutorial/webhook-integration/",
	Note: "Give the integration a secret: without one Atlas does not sign. " +
		"The `id` is that of the alert, the same when it opens and when it closes: `dedupe` must not use it. " +
		"Where templates of your own make the body, type and subject are found if the fields keep their names.",
	Signature: &Signature{Algorithm: "hmac-sha1", From: []Source{"header:X-MMS-Signature"}, Encoding: "base64"},
	Event:     EventRules{Type: []Source{"body:eventTypeName"}, Subject: []Source{"body:id"}},
	Secret:    "the *secret* of the webhook integration",
})
