package provider_test

import "time"

var _ = add("zoom", []vector{
	{
		by:     byWords,
		secret: "zoom-secret",
		late:   2 * time.Hour, early: 2 * time.Hour,
		at: newYear,
		headers: []string{
			"x-zm-signature", "v0=3099e04dbe8ecf0c67d6705702c1f4fd4ef39f0bf4307dcd255a5efb1267258c",
			"x-zm-request-timestamp", "1767225600",
		},
		body: `{"event":"meeting.started","payload":{"object":{"id":"123"}}}`,
		kind: "meeting.started", subject: "123",
	},
	{
		by:     byWords,
		secret: "zoom-secret",
		late:   2 * time.Hour, early: 2 * time.Hour,
		at: newYear,
		headers: []string{
			"x-zm-signature", "v0=98991771413d607a6a368102e94b2316b8949a6b985239c2404f5d4557092fd2",
			"x-zm-request-timestamp", "1767225600",
		},
		body: `{"event":"meeting.started","payload":{"plainToken":"x","object":{"id":"1234567890"}}}`,
		kind: "meeting.started", subject: "1234567890",
	},
})

const zoomChallenge = `{"payload":{"plainToken":"qgg8vlvZRS6UYooatFL8Aw"},"event_ts":1654503849680,"event":"endpoint.url_validation"}`

var _ = verifies("zoom", []handshake{
	{"s", post("", zoomChallenge, "x-zm-request-timestamp", unixNow, "x-zm-signature", "v0="+hexMAC("s", "v0:"+unixNow+":"+zoomChallenge)), 200, `{"plainToken":"qgg8vlvZRS6UYooatFL8Aw","encryptedToken":"` + hexMAC("s", "qgg8vlvZRS6UYooatFL8Aw") + `"}`, []string{"Content-Type", "application/json"}},
	{"s", post("", zoomChallenge), 401, "", nil},
})
