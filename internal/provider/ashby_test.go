package provider_test

var _ = add("ashby", []vector{
	{
		by:     byWords,
		secret: "ashby-secret",
		headers: []string{
			"Ashby-Signature", "sha256=57249dadcdb2525aa54f458151ba468e3b6287cc1b0c83a717f1df9ebd782dc5",
		},
		body: `{"webhookActionId":"75395d87-4044-4dc4-bc29-0cec185e5f06","action":"candidateHire","data":{"application":{"id":"3ae2b801-19f6-41ef-ad28-214bd731948f","createdAt":"2026-01-01T00:00:00.000Z","status":"Hired"}}}`,
		id:   "75395d87-4044-4dc4-bc29-0cec185e5f06", kind: "candidateHire",
	},
})
