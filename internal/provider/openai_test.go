package provider_test

import "time"

var _ = add("openai", []vector{
	{
		by:     "the test of openai-go, and openai 6.49.0 for Node",
		secret: "whsec_RdvaYFYUXuIFuEbvZHwMfYFhUf7aMYjYcmM24+Aj40c=",
		at:     1750861210,
		headers: []string{
			"webhook-id", "wh_685c059ae39c8190af8c71ed1022a24d",
			"webhook-timestamp", "1750861210",
			"webhook-signature", "v1,gUAg4R2hWouRZqRQG4uJypNS8YK885G838+EHb4nKBY=",
		},
		body:    `{"id": "evt_685c059ae3a481909bdc86819b066fb6", "object": "event", "created_at": 1750861210, "type": "response.completed", "data": {"id": "resp_123"}}`,
		id:      "wh_685c059ae39c8190af8c71ed1022a24d",
		kind:    "response.completed",
		subject: "resp_123",
		late:    5 * time.Minute,
		early:   5 * time.Minute,
	},
	{
		by:     "the same, with the signature of another secret before it",
		secret: "whsec_RdvaYFYUXuIFuEbvZHwMfYFhUf7aMYjYcmM24+Aj40c=",
		at:     1750861210,
		headers: []string{
			"webhook-id", "wh_685c059ae39c8190af8c71ed1022a24d",
			"webhook-timestamp", "1750861210",
			"webhook-signature", "v1,G1YYj73GWohZI4hsi3JxMyFJBQWJ2RgDNkUhCAzQeS0= v1,gUAg4R2hWouRZqRQG4uJypNS8YK885G838+EHb4nKBY=",
		},
		body:    `{"id": "evt_685c059ae3a481909bdc86819b066fb6", "object": "event", "created_at": 1750861210, "type": "response.completed", "data": {"id": "resp_123"}}`,
		id:      "wh_685c059ae39c8190af8c71ed1022a24d",
		kind:    "response.completed",
		subject: "resp_123",
		late:    5 * time.Minute,
		early:   5 * time.Minute,
	},
})
