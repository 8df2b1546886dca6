package provider_test

var _ = add("zoom", []vector{
	{
		by:     byWords,
		secret: "zoom-secret",
		at:     newYear,
		headers: []string{
			"x-zm-signature", "v0=3099e04dbe8ecf0c67d6705702c1f4fd4ef39f0bf4307dcd255a5efb1267258c",
			"x-zm-request-timestamp", "1767225600",
		},
		body: `{"event":"meeting.started","payload":{"object":{"id":"123"}}}`,
		kind: "meeting.started", subject: "123",
	},
})

const zoomChallenge = `{"payload":{"plainToken":"qgg8vlvZRS6UYooatFL8Aw"},"event_ts":1654503849680,"event":"endpoint.url_validation"}`

var _ = verifies("zoom", []handshake{
	{"s", post("", zoomChallenge, "x-zm-request-timestamp", unixNow, "x-zm-signature", "v0="+hexMAC("s", "v0:"+unixNow+":"+zoomChallenge)), 200, `{"plainToken":"qgg8vlvZRS6UYooatFL8Aw","encryptedToken":"` + hexMAC("s", "qgg8vlvZRS6UYooatFL8Aw") + `"}`, []string{"Content-Type", "application/json"}},
	{"s", post("", zoomChallenge), 401, "", nil},
})
