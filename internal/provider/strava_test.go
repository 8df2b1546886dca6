package provider_test

var _ = add("strava", []vector{
	{
		by:   byDocuments,
		body: `{"aspect_type":"update","event_time":1516126040,"object_id":1360128428,"object_type":"activity","owner_id":134815,"subscription_id":120475,"updates":{"title":"Messy"}}`,
		kind: "activity", subject: "1360128428",
	},
})

var _ = verifies("strava", []handshake{
	{"", get("hub.mode=subscribe&hub.challenge=1&hub.verify_token=other"), 403, "", nil},
	{"", get("hub.mode=unsubscribe&hub.challenge=1&hub.verify_token=sesame"), 400, "", nil},
	{"", get("hub.mode=subscribe&hub.challenge=1&hub.verify_token=sesame&y=%zz"), 200, `{"hub.challenge":"1"}`, nil},
	{"", get("hub.mode=subscribe&hub.challenge=15f7d1a91c1f40f8&hub.verify_token=sesame"), 200, `{"hub.challenge":"15f7d1a91c1f40f8"}`, []string{"Content-Type", "application/json"}},
	{"", get(`hub.mode=subscribe&hub.challenge="},%22x&hub.verify_token=sesame`), 200, `{"hub.challenge":"\"},\"x"}`, nil},
})
