package provider_test

var _ = add("gocardless", []vector{
	{
		by:     "the test of gocardless-pro-go",
		secret: "testing",
		headers: []string{
			"Webhook-Signature", "243f3efa57743c24eec7c5e10edc475b547830d256d5b583745afe319dd90936",
		},
		body: `{"events":[{"id":"EVTESTNE86TNZS","created_at":"2017-03-20T17:57:02.292Z","resource_type":"payments","action":"failed","links":{"payment":"index_ID_123"},"details":{"origin":"bank","cause":"test_failure","scheme":"sepa_core","reason_code":"TEST","description":"GoCardless has marked this payment as failed in sandbox to enable testing of payment failure webhooks."},"metadata":{}}]}
`,
		kind:    "payments.failed",
		subject: "index_ID_123",
		refused: 498,
	},
	{
		by:     "gocardless-nodejs 10.1.2, two events",
		secret: "testing",
		headers: []string{
			"Webhook-Signature", "2aa006e0b7e5987a418e58e9682ce4bd1b440ac5100c016b5ead937f7091f6ba",
		},
		body:    `{"events":[{"id":"EV0001","created_at":"2026-01-01T00:00:00.000Z","resource_type":"mandates","action":"active","links":{"mandate":"MD0000A1B2C3D4"},"details":{"origin":"gocardless","cause":"mandates_active","description":"x"},"metadata":{}},{"id":"EV0002","created_at":"2026-01-01T00:00:00.000Z","resource_type":"payments","action":"confirmed","links":{"payment":"PM0000A1B2C3D4"},"details":{"origin":"gocardless","cause":"payments_confirmed","description":"x"},"metadata":{}}],"meta":{"webhook_id":"WB0001E5TQKZ8N"}}`,
		kind:    "mandates.active",
		subject: "MD0000A1B2C3D4",
		refused: 498,
	},
	{
		by:     "gocardless-nodejs 10.1.2, a subscription",
		secret: "testing",
		headers: []string{
			"Webhook-Signature", "58d832e44a071b792148d9b5e1044859f4196e38e2b1a078699d8766a00b4f08",
		},
		body:    `{"events":[{"id":"EV0003","created_at":"2026-01-01T00:00:00.000Z","resource_type":"subscriptions","action":"created","links":{"subscription":"SB0000A1B2C3D4"},"details":{"origin":"gocardless","cause":"subscriptions_created","description":"x"},"metadata":{}}],"meta":{"webhook_id":"WB0001E5TQKZ8N"}}`,
		kind:    "subscriptions.created",
		subject: "SB0000A1B2C3D4",
		refused: 498,
	},
	{
		by:     "gocardless-nodejs 10.1.2, a payout",
		secret: "testing",
		headers: []string{
			"Webhook-Signature", "aca80f7d3cd3d89ba64bff6738f3773612655d2b8fe9bf7a2d2cd87a3ab5e92c",
		},
		body:    `{"events":[{"id":"EV0004","created_at":"2026-01-01T00:00:00.000Z","resource_type":"payouts","action":"paid","links":{"payout":"PO0000A1B2C3D4"},"details":{"origin":"gocardless","cause":"payouts_paid","description":"x"},"metadata":{}}],"meta":{"webhook_id":"WB0001E5TQKZ8N"}}`,
		kind:    "payouts.paid",
		subject: "PO0000A1B2C3D4",
		refused: 498,
	},
})
