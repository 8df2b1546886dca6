package provider_test

import "time"

var _ = add("twitch", []vector{
	{
		by:     byWords,
		secret: "s3cRe7s3cRe7",
		late:   10 * time.Minute, early: 10 * time.Minute,
		at: newYear,
		headers: []string{
			"Twitch-Eventsub-Message-Id", "e76c6bd4-55c9-4987-8304-da1588d8988b",
			"Twitch-Eventsub-Message-Timestamp", "2026-01-01T00:00:00.123456789Z",
			"Twitch-Eventsub-Message-Type", "notification",
			"Twitch-Eventsub-Message-Signature", "sha256=54c7ebcc477b114f2934b8db33544ea92397713c19975d327e58a50a78d8e980",
		},
		body: `{"subscription":{"type":"channel.follow"},"event":{"broadcaster_user_id":"1337"}}`,
		id:   "e76c6bd4-55c9-4987-8304-da1588d8988b", kind: "channel.follow", subject: "1337",
	},
	{
		by:     byWords,
		secret: "twitch-secret",
		late:   10 * time.Minute, early: 10 * time.Minute,
		at: newYear,
		headers: []string{
			"Twitch-Eventsub-Message-Signature", "sha256=d384e75b813b771e8f8df2e41c9ad0d084b7d1dff219510f9b9c156823dc097b",
			"Twitch-Eventsub-Message-Id", "befa7b53",
			"Twitch-Eventsub-Message-Timestamp", "2026-01-01T00:00:00Z",
			"Twitch-Eventsub-Message-Type", "notification",
		},
		body: `{"challenge":"x","subscription":{"type":"channel.follow"},"event":{"broadcaster_user_id":"1337"}}`,
		id:   "befa7b53", kind: "channel.follow", subject: "1337",
	},
})

const twitchChallenge = `{"challenge":"pogchamp-kappa-360noscope-vohiyo","subscription":{"id":"f1c2"}}`

var twitchTime = now.UTC().Format(time.RFC3339Nano)

var _ = verifies("twitch", []handshake{
	{"s", post("", twitchChallenge, "Twitch-Eventsub-Message-Type", "webhook_callback_verification", "Twitch-Eventsub-Message-Id", "e76c6bd4", "Twitch-Eventsub-Message-Timestamp", twitchTime, "Twitch-Eventsub-Message-Signature", "sha256="+hexMAC("s", "e76c6bd4"+twitchTime+twitchChallenge)), 200, "pogchamp-kappa-360noscope-vohiyo", nil},
	{"s", post("", twitchChallenge, "Twitch-Eventsub-Message-Type", "webhook_callback_verification"), 401, "", nil},
})
