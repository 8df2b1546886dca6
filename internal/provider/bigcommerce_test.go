package provider_test

import "time"

var _ = add("bigcommerce", []vector{
	{
		by:     byWords,
		secret: "9c1d2e5f8a7b6c3d4e0f1a2b3c4d5e6f",
		at:     newYear,
		headers: []string{
			"webhook-id", "5c0b6f0e-4c9a-4d53-9d0e-8f2d3b6f7a10",
			"webhook-timestamp", "1767225600",
			"webhook-signature", "v1,pMXL5O7zMBH+XKSj1eZgdEsg40XODPuykYjlHNK0F10=",
		},
		body: `{"scope":"store/order/created","store_id":"1025646","data":{"type":"order","id":250},"hash":"dd70c0976e06b67aaf671e73f49dcb79230ebf9d","created_at":1767225600,"producer":"stores/abcde12345"}`,
		id:   "5c0b6f0e-4c9a-4d53-9d0e-8f2d3b6f7a10", kind: "store/order/created", subject: "250",
		late: 5 * time.Minute, early: 5 * time.Minute,
	},
	{
		by:     "the same, with two signatures",
		secret: "9c1d2e5f8a7b6c3d4e0f1a2b3c4d5e6f",
		at:     newYear,
		headers: []string{
			"webhook-id", "5c0b6f0e-4c9a-4d53-9d0e-8f2d3b6f7a10",
			"webhook-timestamp", "1767225600",
			"webhook-signature", "v1,G1YYj73GWohZI4hsi3JxMyFJBQWJ2RgDNkUhCAzQeS0= v1,pMXL5O7zMBH+XKSj1eZgdEsg40XODPuykYjlHNK0F10=",
		},
		body: `{"scope":"store/order/created","store_id":"1025646","data":{"type":"order","id":250},"hash":"dd70c0976e06b67aaf671e73f49dcb79230ebf9d","created_at":1767225600,"producer":"stores/abcde12345"}`,
		id:   "5c0b6f0e-4c9a-4d53-9d0e-8f2d3b6f7a10", kind: "store/order/created", subject: "250",
		late: 5 * time.Minute, early: 5 * time.Minute,
	},
})
