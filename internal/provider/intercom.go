package provider

var _ = add(Row{
	Name:         "intercom",
	Title:        "Intercom",
	Kind:         KindCustomers,
	Docs:         "https://developers.intercom.com/docs/webhooks/setting-up-webhooks",
	Note:         "Errors for seven days suspend the subscription of a private app; a thousand in a row pause any for 15 minutes.",
	Verification: &Verification{Method: "HEAD"},
	Signature:    &Signature{Algorithm: "hmac-sha1", From: []Source{"header:X-Hub-Signature"}, Prefix: "sha1="},
	Event:        EventRules{ID: []Source{"body:id"}, Type: []Source{"body:topic"}, Subject: []Source{"body:app_id"}},
	Secret:       "the *client secret* of the app",
})
