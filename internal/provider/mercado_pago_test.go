package provider_test

import "time"

var _ = add("mercado_pago", []vector{
	{
		by:     "mercadopago 3.6.1",
		secret: "mercado-secret",
		at:     newYear,
		target: "/webhooks?data.id=999999999&type=payment",
		headers: []string{
			"x-signature", "ts=1767225600,v1=766afd7860bbac4c5faf2b6a179be4dc67af7cadddc0dec814e20fb689e9040c",
			"x-request-id", "bb56a2f1-6aae-46ac-982e-9dcd3581d08e",
		},
		body: `{"id":12345,"live_mode":true,"type":"payment","date_created":"2026-01-01T00:00:00.000-04:00","application_id":2010,"user_id":44444,"version":1,"api_version":"v1","action":"payment.created","data":{"id":"999999999"}}`,
		id:   "12345", kind: "payment.created", subject: "999999999",
		says: "partial",
		late: 168 * time.Hour, early: 168 * time.Hour,
	},
	{
		by:      "mercadopago 3.6.1, with milliseconds, and without the id of the request",
		secret:  "mercado-secret",
		at:      newYear,
		target:  "/webhooks?data.id=2c938084726fca480172750000000000&type=subscription_preapproval",
		headers: []string{"x-signature", "ts=1767225600000,v1=b26481f662ae43ed3cda0d9a163dbef8f4ada37892bd592c96fa50cf5e3760fd"},
		body:    `{"id":12346,"live_mode":true,"type":"subscription_preapproval","date_created":"2026-01-01T00:00:00.000-04:00","application_id":2010,"user_id":44444,"version":0,"api_version":"v1","data":{"id":"2c938084726fca480172750000000000"}}`,
		id:      "12346", kind: "subscription_preapproval", subject: "2c938084726fca480172750000000000",
		says: "partial",
		late: 168 * time.Hour, early: 168 * time.Hour,
	},
})
