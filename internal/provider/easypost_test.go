package provider_test

var _ = add("easypost", []vector{
	{
		by:     "@easypost/api 8.9.0 for Node",
		secret: "sécret",
		headers: []string{
			"X-Hmac-Signature", "hmac-sha256-hex=3fbd34b9850c458f43a1310ef6de9fb9f8d93d76dd7fe8b27c50c1dd9e684297",
		},
		body:    `{"id":"evt_e1b9d31a480e11ee8c9c8f0a","object":"Event","created_at":"2026-01-01T00:00:00Z","updated_at":"2026-01-01T00:00:00Z","description":"tracker.updated","mode":"production","previous_attributes":{"status":"unknown"},"pending_urls":["https://hooks.example.com/easypost"],"completed_urls":[],"status":"pending","result":{"id":"trk_c8e0edb5bb284caa934a0d3db23a148z","object":"Tracker","mode":"production","tracking_code":"9400110898825022579493","status":"in_transit"}}`,
		id:      "evt_e1b9d31a480e11ee8c9c8f0a",
		kind:    "tracker.updated",
		subject: "trk_c8e0edb5bb284caa934a0d3db23a148z",
	},
})
