package provider_test

var _ = add("smartsheet", []vector{{
	by:      byWords,
	secret:  "289c4s9hnfp4b368x4p4wu9gea",
	headers: []string{"Smartsheet-Hmac-SHA256", "0d2a90c2196b1c8f16f4c552ae763ccab20f52b1c500900a7dc67d26edd04088"},
	body:    `{"nonce":"4b2ed20d-6f00-4b0c-8fac-082182aa9aac","timestamp":"2026-01-02T03:04:05.000+0000","webhookId":4503604829677444,"scope":"sheet","scopeObjectId":5749713643003780,"events":[{"objectType":"row","eventType":"created","id":8119454270613380,"userId":9007194052434820,"timestamp":"2026-01-02T03:04:04.000+0000"},{"objectType":"sheet","eventType":"updated","id":5749713643003780,"userId":9007194052434820,"timestamp":"2026-01-02T03:04:04.000+0000"}]}`,
	kind:    "row.created", subject: "5749713643003780",
}})

var _ = verifies("smartsheet", []handshake{
	{"289c4s9hnfp4b368x4p4wu9gea", post("", `{"challenge":"e9f8e3b5-4b1e-4ef6-8a3f-6f1b7b9d2a11","webhookId":4503604829677444}`, "Smartsheet-Hook-Challenge", "e9f8e3b5-4b1e-4ef6-8a3f-6f1b7b9d2a11"), 200, "", []string{"Smartsheet-Hook-Response", "e9f8e3b5-4b1e-4ef6-8a3f-6f1b7b9d2a11"}},
	{"289c4s9hnfp4b368x4p4wu9gea", post("", `{"challenge":"e9f8e3b5-4b1e-4ef6-8a3f-6f1b7b9d2a11","webhookId":4503604829677444}`), 401, "", []string{"Smartsheet-Hook-Response", ""}},
})
