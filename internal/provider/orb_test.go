package provider_test

import "time"

var _ = add("orb", []vector{
	{
		by:     "orb-billing 6.11.0",
		secret: "c-UGKYdnhHh436B_sMouYAPUvXyWpzOdunZBV5dFSD8",
		at:     newYear,
		headers: []string{
			"X-Orb-Timestamp", "2026-01-01T00:00:00.120",
			"X-Orb-Signature", "v1=1a6b5664080a3bd752c3de934d796b6c58877b5ef8d9154c32a7d8aac79978db",
		},
		body: `{"id": "f9Jq2LwTz3VbXk8m", "created_at": "2026-01-01T00:00:00+00:00", "type": "invoice.issued", "properties": {}, "invoice": {"id": "DXrR7Kk3mJwq5tYb", "invoice_number": "JXQKUD-00001", "status": "issued"}}`,
		id:   "f9Jq2LwTz3VbXk8m", kind: "invoice.issued",
		late: 5 * time.Minute, early: 5 * time.Minute,
	},
	{
		by:     "the test of orb-python, the same, with another time",
		secret: "c-UGKYdnhHh436B_sMouYAPUvXyWpzOdunZBV5dFSD8",
		at:     1711554149,
		headers: []string{
			"X-Orb-Timestamp", "2024-03-27T15:42:29.551",
			"X-Orb-Signature", "v1=9d25de966891ab0bc18754faf8d83d0980b44ae330fcc130b41a6cf3daf1f391",
		},
		body: `{"id": "o4mmewpfNNTnjfZc", "created_at": "2024-03-27T15:42:29+00:00", "type": "resource_event.test", "properties": {"message": "A test webhook from Orb. Happy testing!"}}`,
		id:   "o4mmewpfNNTnjfZc", kind: "resource_event.test",
		late: 5 * time.Minute, early: 5 * time.Minute,
	},
	{
		by:     "the same, with two signatures",
		secret: "c-UGKYdnhHh436B_sMouYAPUvXyWpzOdunZBV5dFSD8",
		at:     1711554149,
		headers: []string{
			"X-Orb-Timestamp", "2024-03-27T15:42:29.551",
			"X-Orb-Signature", "v1=1b56188fbdc65a885923886c8b7271332149050589d91803364521080cd0792d v1=9d25de966891ab0bc18754faf8d83d0980b44ae330fcc130b41a6cf3daf1f391",
		},
		body: `{"id": "o4mmewpfNNTnjfZc", "created_at": "2024-03-27T15:42:29+00:00", "type": "resource_event.test", "properties": {"message": "A test webhook from Orb. Happy testing!"}}`,
		id:   "o4mmewpfNNTnjfZc", kind: "resource_event.test",
		late: 5 * time.Minute, early: 5 * time.Minute,
	},
})
