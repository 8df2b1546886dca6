package provider_test

var _ = add("ashby", []vector{
	{
		by:     byWords,
		secret: "ashby-secret",
		headers: []string{
			"Ashby-Signature", "sha256=f856b9c1c6a73f296d56faa1fe98180d66231bce13d2e5e295dc7ab97d655851",
		},
		body: `{"action":"candidateHire","data":{"application":{"id":"3ae2b801-19f6-41ef-ad28-214bd731948f","createdAt":"2026-01-01T00:00:00.000Z","status":"Hired"}}}`,
		kind: "candidateHire",
	},
})
