package provider_test

import "time"

var _ = add("elevenlabs", []vector{
	{
		by:     "@elevenlabs/elevenlabs-js 2.73.0",
		secret: "wsec_3f8a6b0c1d2e4f5061728394a5b6c7d8",
		at:     newYear,
		headers: []string{
			"ElevenLabs-Signature", "t=1767225600,v0=d128dfd64740178ecb8c35a4713a7b0b51e36370177b1d068e895a96f2c29a36",
		},
		body: `{"type":"post_call_transcription","event_timestamp":1767225600,"data":{"agent_id":"xyz","conversation_id":"abc","status":"done","transcript":[{"role":"agent","message":"Hey there, how can I help you?"}]}}`,
		kind: "post_call_transcription", subject: "abc",
		late: time.Hour, early: time.Hour,
	},
})
