package provider_test

var _ = add("linkedin", []vector{
	{
		by:      byWords,
		secret:  "li-secret",
		headers: []string{"X-LI-Signature", "f56f69894bb34118a705416fcdaa16365d58765500f6743154cdbf7121082746"},
		body:    `{"type":"ORGANIZATION_SOCIAL_ACTION_NOTIFICATIONS"}`,
		kind:    "ORGANIZATION_SOCIAL_ACTION_NOTIFICATIONS",
	},
})

var _ = verifies("linkedin", []handshake{
	{"s", get("challengeCode=abc&y=%zz"), 200, `{"challengeCode":"abc","challengeResponse":"` + hexMAC("s", "abc") + `"}`, nil},
	{"s", get("challengeCode=890e4665-4dfe-4ab1-b689-ed553bceeed0"), 200, `{"challengeCode":"890e4665-4dfe-4ab1-b689-ed553bceeed0","challengeResponse":"` + hexMAC("s", "890e4665-4dfe-4ab1-b689-ed553bceeed0") + `"}`, []string{"Content-Type", "application/json"}},
})
