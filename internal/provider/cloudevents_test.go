package provider_test

import "net/http"

var _ = add("cloudevents", []vector{
	{
		by:      byToken,
		secret:  "bearer-token",
		says:    "token",
		headers: []string{"Authorization", "Bearer bearer-token", "ce-id", "A234", "ce-type", "com.example.someevent", "ce-subject", "123", "ce-specversion", "1.0", "ce-source", "/mycontext"},
		body:    `{"id":"of the data"}`,
		id:      "A234", kind: "com.example.someevent", subject: "123",
	},
	{
		by:      byToken,
		secret:  "bearer-token",
		says:    "token",
		headers: []string{"Authorization", "Bearer bearer-token", "Content-Type", "application/cloudevents+json"},
		body:    `{"specversion":"1.0","id":"A234","type":"com.example.someevent","source":"/mycontext","data":{}}`,
		id:      "A234", kind: "com.example.someevent",
	},
	{
		by:      "cloudevents 2.2.0 for Python",
		secret:  "bearer-token",
		says:    "token",
		headers: []string{"Authorization", "bearer bearer-token", "ce-id", "100%20%25%20%22%C3%A9%22%20%E2%82%AC%20%F0%9F%98%80", "ce-type", "com.example.gr%C3%B6%C3%9Fe", "ce-subject", "a%20b", "ce-specversion", "1.0", "ce-source", "/s", "Content-Type", "text/json"},
		body:    `{"a": 1}`,
		id:      `100 % "é" € 😀`, kind: "com.example.größe", subject: "a b",
	},
	{
		by:      byToken,
		secret:  "bearer-token",
		says:    "token",
		target:  "/webhooks?access_token=bearer-token",
		headers: []string{"Content-Type", "application/cloudevents+json"},
		body:    `{"specversion":"1.0","id":"A234","type":"com.example.someevent","subject":"123","source":"/mycontext","data":{}}`,
		id:      "A234", kind: "com.example.someevent", subject: "123",
	},
	{
		by:      byToken,
		secret:  "bearer-token",
		says:    "token",
		headers: []string{"Authorization", "Bearer bearer-token", "ce-id", "A234", "ce-type", "com.example.someevent", "ce-specversion", "1.0", "ce-source", "/mycontext", "Content-Type", "text/plain"},
		body:    "no JSON",
		id:      "A234", kind: "com.example.someevent",
	},
})

var _ = verifies("cloudevents", []handshake{
	{"", requestOf(http.MethodOptions, "/", "", "WebHook-Request-Origin", "other.example.com"), 403, "", []string{"WebHook-Allowed-Origin", "", "WebHook-Allowed-Rate", ""}},
	{"", requestOf(http.MethodOptions, "/", ""), 400, "", []string{"WebHook-Allowed-Origin", ""}},
	{"", requestOf(http.MethodOptions, "/", "", "WebHook-Request-Origin", "sesame", "WebHook-Request-Rate", "120"), 200, "", []string{"WebHook-Allowed-Origin", "sesame", "WebHook-Allowed-Rate", "*", "Allow", "OPTIONS, POST"}},
})
