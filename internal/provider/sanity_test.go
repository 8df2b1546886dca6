package provider_test

import "time"

var _ = add("sanity", []vector{
	{
		by:     "the test of Sanity's webhook-toolkit",
		secret: "test",
		at:     1633519811,
		headers: []string{
			"sanity-webhook-signature", "t=1633519811129,v1=tLa470fx7qkLLEcMOcEUFuBbRSkGujyskxrNXcoh0N0",
		},
		body:  `{"_id":"resume"}`,
		late:  time.Hour,
		early: time.Hour,
	},
	{
		by:     "@sanity/webhook 4.0.4",
		secret: "test",
		at:     newYear,
		headers: []string{
			"sanity-webhook-signature", "t=1767225600000,v1=r_CuG2dFGXlDvpHUstUvLAkCpDc_-lRvFq_WGvAGRUA",
			"idempotency-key", "b1f3c9a2-7d7e-4f0b-8c7d-5a5a2f1d9e10",
			"sanity-operation", "create",
			"sanity-document-id", "c3a0e6a1-5f5e-4a77-9d3a-0f6b3c7a2d11",
		},
		body:    `{"_createdAt":"2025-12-31T23:00:00Z","_id":"c3a0e6a1-5f5e-4a77-9d3a-0f6b3c7a2d11","_rev":"Yk2nA4tP1b8wQ0cXhJ3f7L","_type":"post","title":"A new year"}`,
		id:      "b1f3c9a2-7d7e-4f0b-8c7d-5a5a2f1d9e10",
		kind:    "create",
		subject: "c3a0e6a1-5f5e-4a77-9d3a-0f6b3c7a2d11",
		late:    time.Hour,
		early:   time.Hour,
	},
})
