package provider

var _ = add(Row{
	Name:  "cloudevents",
	Title: "CloudEvents over HTTP (Azure Event Grid and others)",
	Kind:  KindAny,
	Docs:  "https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/http-webhook.md",
	Note: "`verify_token` names the origins that may send, such as `eventgrid.azure.net`: others are not allowed to. It is optional: without it all are. " +
		"That binds services that ask first, and keeps nobody else out. A `secret` is optional: if there is one, events must carry it in " +
		"`Authorization: Bearer`, or in the query parameter `access_token`. An event in structured mode is stored with its envelope as the data; " +
		"batches are stored as one event.",
	Verification: &Verification{
		Method:    "OPTIONS",
		Token:     "header:WebHook-Request-Origin",
		Challenge: "header:WebHook-Request-Origin",
		Headers:   map[string]string{"WebHook-Allowed-Origin": "{challenge}", "WebHook-Allowed-Rate": "*", "Allow": "OPTIONS, POST"},
	},
	Signature:      &Signature{Algorithm: "token", From: []Source{"header:Authorization", "query:access_token"}, Prefix: "Bearer "},
	Event:          EventRules{ID: []Source{"header:ce-id", "body:id"}, Type: []Source{"header:ce-type", "body:type"}, Subject: []Source{"header:ce-subject", "body:subject"}},
	Token:          "the origin that may send",
	TokenOptional:  true,
	Secret:         "the access token that the sender is given",
	SecretOptional: true,
	Accept:         "any",
})
