package provider_test

import (
	"crypto/ed25519"
	"encoding/hex"
	"strings"
	"time"
)

var _ = add("discord", []vector{
	{
		by:     "discord-interactions 4.4.0",
		secret: rfc8032Hex,
		late:   15 * time.Minute, early: 15 * time.Minute,
		status: 204,
		at:     newYear,
		headers: []string{
			"X-Signature-Ed25519", "7e677111409b00154802fc33464dd638abe0549a0c6e7d0065fdd2527cc24354bff9dbfd69bcd98eb6266f5a8cfdf78ff243156a8514a546d1cdf08adc669803",
			"X-Signature-Timestamp", "1767225600",
		},
		body: `{"version":1,"application_id":"1234560123453231555","type":1,"event":{"type":"APPLICATION_AUTHORIZED","timestamp":"2024-10-18T14:42:53.064834","data":{}}}`,
		kind: "APPLICATION_AUTHORIZED", subject: "1234560123453231555",
	},
})

const discordPing = `{"version":1,"application_id":"1","type":0}`

var discordPublic, discordPrivate, _ = ed25519.GenerateKey(nil)

var _ = verifies("discord", []handshake{
	{hex.EncodeToString(discordPublic), post("", discordPing, "X-Signature-Timestamp", unixNow, "X-Signature-Ed25519", hex.EncodeToString(ed25519.Sign(discordPrivate, []byte(unixNow+discordPing)))), 204, "", nil},
	{hex.EncodeToString(discordPublic), post("", discordPing, "X-Signature-Timestamp", unixNow, "X-Signature-Ed25519", strings.Repeat("00", 64)), 401, "", nil},
})
