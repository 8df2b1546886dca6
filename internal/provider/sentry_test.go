package provider_test

var _ = add("sentry", []vector{
	{
		by:     byWords,
		secret: "sentry-client-secret",
		headers: []string{
			"Sentry-Hook-Signature", "0a7b5add462ef181067692fffb906d6b25a36be89aa395b8687b47e2db07cae0",
			"Sentry-Hook-Resource", "issue",
			"Sentry-Hook-Timestamp", "1767225600",
			"Request-ID", "0123456789abcdef0123456789abcdef",
		},
		body: `{"action":"created","installation":{"uuid":"a8e5d37a-696c-4c54-adb5-b3f28d64c7de"},"data":{"issue":{"id":"1170820242","shortId":"IPE-1","title":"ReferenceError: heck is not defined"}},"actor":{"type":"application","id":"sentry","name":"Sentry"}}`,
		kind: "issue.created", subject: "a8e5d37a-696c-4c54-adb5-b3f28d64c7de",
	},
})
