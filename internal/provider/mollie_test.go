package provider_test

var _ = add("mollie", []vector{
	{
		by:     byWords,
		secret: "mollie-webhook-secret",
		headers: []string{
			"X-Mollie-Signature", "80bbb07df0a8da6064fcc7ab6f8c1809f219533a2c5721b207a77404dad258e0",
		},
		body:    `{"resource":"event","id":"event_GvJ8WHrp5isUdRub9CJyH","type":"payment-link.paid","entityId":"pl_qng5gbbv8NAZ5gpM5ZYgx","createdAt":"2026-01-01T00:00:00.0Z","_embedded":{"entity":{"resource":"payment-link","id":"pl_qng5gbbv8NAZ5gpM5ZYgx"}},"_links":{"self":{"href":"https://api.mollie.com/v2/events/event_GvJ8WHrp5isUdRub9CJyH","type":"application/hal+json"}}}`,
		id:      "event_GvJ8WHrp5isUdRub9CJyH",
		kind:    "payment-link.paid",
		subject: "pl_qng5gbbv8NAZ5gpM5ZYgx",
	},
	{
		by:     "the same, with the prefix that the provider's library for PHP removes",
		secret: "mollie-webhook-secret",
		headers: []string{
			"X-Mollie-Signature", "sha256=80bbb07df0a8da6064fcc7ab6f8c1809f219533a2c5721b207a77404dad258e0",
		},
		body:    `{"resource":"event","id":"event_GvJ8WHrp5isUdRub9CJyH","type":"payment-link.paid","entityId":"pl_qng5gbbv8NAZ5gpM5ZYgx","createdAt":"2026-01-01T00:00:00.0Z","_embedded":{"entity":{"resource":"payment-link","id":"pl_qng5gbbv8NAZ5gpM5ZYgx"}},"_links":{"self":{"href":"https://api.mollie.com/v2/events/event_GvJ8WHrp5isUdRub9CJyH","type":"application/hal+json"}}}`,
		id:      "event_GvJ8WHrp5isUdRub9CJyH",
		kind:    "payment-link.paid",
		subject: "pl_qng5gbbv8NAZ5gpM5ZYgx",
	},
	{
		by:     "the same, with two signatures, as while a secret is replaced",
		secret: "mollie-webhook-secret",
		headers: []string{
			"X-Mollie-Signature", "sha256=f8cadc5873b984fc06677832ad348b62f45e0f558f8ff3b19953ff13ecd3f969",
			"X-Mollie-Signature", "sha256=80bbb07df0a8da6064fcc7ab6f8c1809f219533a2c5721b207a77404dad258e0",
		},
		body:    `{"resource":"event","id":"event_GvJ8WHrp5isUdRub9CJyH","type":"payment-link.paid","entityId":"pl_qng5gbbv8NAZ5gpM5ZYgx","createdAt":"2026-01-01T00:00:00.0Z","_embedded":{"entity":{"resource":"payment-link","id":"pl_qng5gbbv8NAZ5gpM5ZYgx"}},"_links":{"self":{"href":"https://api.mollie.com/v2/events/event_GvJ8WHrp5isUdRub9CJyH","type":"application/hal+json"}}}`,
		id:      "event_GvJ8WHrp5isUdRub9CJyH",
		kind:    "payment-link.paid",
		subject: "pl_qng5gbbv8NAZ5gpM5ZYgx",
	},
})
