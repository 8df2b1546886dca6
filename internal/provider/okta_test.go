package provider_test

var _ = add("okta", []vector{
	{
		by:      byToken,
		secret:  "an okta secret",
		says:    "token",
		headers: []string{"Authorization", "an okta secret"},
		body:    `{"eventType":"com.okta.event_hook","eventId":"b5a188b9","data":{"events":[{"eventType":"user.lifecycle.create"}]}}`,
		id:      "b5a188b9", kind: "user.lifecycle.create",
	},
	{
		by:      byToken,
		secret:  "an okta secret",
		says:    "token",
		headers: []string{"Authorization", "an okta secret"},
		body:    `{"eventType":"com.okta.event_hook","eventId":"b5a188b9","data":{"events":[]}}`,
		id:      "b5a188b9", kind: "com.okta.event_hook",
	},
})

var _ = verifies("okta", []handshake{
	{"s", get("", "X-Okta-Verification-Challenge", "my verification challenge"), 200, `{"verification":"my verification challenge"}`, []string{"Content-Type", "application/json"}},
})
