package provider_test

var _ = verifies("strava", []handshake{
	{"", get("hub.mode=subscribe&hub.challenge=1&hub.verify_token=sesame&y=%zz"), 200, `{"hub.challenge":"1"}`, nil},
	{"", get("hub.mode=subscribe&hub.challenge=15f7d1a91c1f40f8&hub.verify_token=sesame"), 200, `{"hub.challenge":"15f7d1a91c1f40f8"}`, []string{"Content-Type", "application/json"}},
	{"", get(`hub.mode=subscribe&hub.challenge="},%22x&hub.verify_token=sesame`), 200, `{"hub.challenge":"\"},\"x"}`, nil},
})
