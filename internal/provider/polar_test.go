package provider_test

import "time"

var _ = add("polar", []vector{
	{
		by:     "@polar-sh/sdk 0.49.0",
		secret: "polar_whs_jcRY5nOKyyUDnXQqKXzvqxHi",
		at:     newYear,
		headers: []string{
			"webhook-id", "18f42f6c-9f63-4a2b-8d7a-3d4a9b1c5e27",
			"webhook-timestamp", "1767225600",
			"webhook-signature", "v1,5n46S1jiV1eSo9vjgE9EQGgpu92Ar3fV5iiv5GpZ/F8=",
		},
		body: `{"type":"product.updated","timestamp":"2026-01-01T00:00:00Z","data":{"id":"cf4b8bfa-9a2b-4b0b-9a35-5f5d3d1f3a55","created_at":"2025-12-01T00:00:00Z","modified_at":null,"name":"Support plan","description":null,"is_recurring":false,"is_archived":false,"organization_id":"1dbfc517-0bbf-4301-9ba8-555ca42b9737"}}`,
		id:   "18f42f6c-9f63-4a2b-8d7a-3d4a9b1c5e27", kind: "product.updated", subject: "cf4b8bfa-9a2b-4b0b-9a35-5f5d3d1f3a55",
		late: 5 * time.Minute, early: 5 * time.Minute,
	},
	{
		by:     "the same, with two signatures",
		secret: "polar_whs_jcRY5nOKyyUDnXQqKXzvqxHi",
		at:     newYear,
		headers: []string{
			"webhook-id", "18f42f6c-9f63-4a2b-8d7a-3d4a9b1c5e27",
			"webhook-timestamp", "1767225600",
			"webhook-signature", "v1,G1YYj73GWohZI4hsi3JxMyFJBQWJ2RgDNkUhCAzQeS0= v1,5n46S1jiV1eSo9vjgE9EQGgpu92Ar3fV5iiv5GpZ/F8=",
		},
		body: `{"type":"product.updated","timestamp":"2026-01-01T00:00:00Z","data":{"id":"cf4b8bfa-9a2b-4b0b-9a35-5f5d3d1f3a55","created_at":"2025-12-01T00:00:00Z","modified_at":null,"name":"Support plan","description":null,"is_recurring":false,"is_archived":false,"organization_id":"1dbfc517-0bbf-4301-9ba8-555ca42b9737"}}`,
		id:   "18f42f6c-9f63-4a2b-8d7a-3d4a9b1c5e27", kind: "product.updated", subject: "cf4b8bfa-9a2b-4b0b-9a35-5f5d3d1f3a55",
		late: 5 * time.Minute, early: 5 * time.Minute,
	},
})
