package provider_test

var _ = add("adobe_sign", []vector{
	{
		by:      byToken,
		secret:  "client-id",
		says:    "token",
		echo:    "X-AdobeSign-ClientId",
		headers: []string{"X-AdobeSign-ClientId", "client-id"},
		body:    `{"webhookNotificationId":"n1","event":"AGREEMENT_CREATED","agreement":{"id":"a1"}}`,
		id:      "n1", kind: "AGREEMENT_CREATED", subject: "a1",
	},
})

var _ = verifies("adobe_sign", []handshake{
	{"client", get("", "X-AdobeSign-ClientId", "client"), 200, "", []string{"X-AdobeSign-ClientId", "client"}},
	{"client", get("", "X-AdobeSign-ClientId", "other"), 401, "", nil},
})
