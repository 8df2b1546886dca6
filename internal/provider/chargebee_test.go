package provider_test

var _ = add("chargebee", []vector{
	{
		by:      byToken,
		secret:  "hook:sesame",
		headers: []string{"Authorization", "Basic aG9vazpzZXNhbWU="},
		body:    `{"id":"ev_1","occurred_at":1767225600,"source":"admin_console","object":"event","api_version":"v2","event_type":"subscription_created","content":{"subscription":{"id":"s1","plan_id":"basic"},"customer":{"id":"c1"}}}`,
		id:      "ev_1", kind: "subscription_created", subject: "s1",
		says: "token",
	},
	{
		by:      byToken,
		secret:  "hook:sesame",
		headers: []string{"Authorization", "Basic aG9vazpzZXNhbWU="},
		body:    `{"id":"ev_2","occurred_at":1767225600,"source":"admin_console","object":"event","api_version":"v2","event_type":"invoice_generated","content":{"invoice":{"id":"i1","customer_id":"c1"}}}`,
		id:      "ev_2", kind: "invoice_generated", subject: "i1",
		says: "token",
	},
	{
		by:      byToken,
		secret:  "hook:sesame",
		headers: []string{"Authorization", "Basic aG9vazpzZXNhbWU="},
		body:    `{"id":"ev_3","occurred_at":1767225600,"source":"admin_console","object":"event","api_version":"v2","event_type":"customer_created","content":{"customer":{"id":"c1","first_name":"Ada"}}}`,
		id:      "ev_3", kind: "customer_created", subject: "c1",
		says: "token",
	},
})
