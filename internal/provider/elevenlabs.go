package provider

import (
	"time"

	"github.com/caddyserver/caddy/v2"
)

var _ = add(Row{
	Name:  "elevenlabs",
	Title: "ElevenLabs",
	Kind:  KindMedia,
	Docs:  "https://elevenlabs.io/docs/eleven-api/resources/webhooks",
	Note: "An event is sent once, unless *retries* are switched on for the webhook, which only `post_call_transcription` knows. " +
		"What is answered 401, for a wrong secret, is not sent again. " +
		"The webhook is switched off after 10 failures in a row, if there was no success for 7 days. " +
		"`post_call_audio` holds the sound of the whole call, so it needs a larger `max_body_size`. " +
		"Events have no id: dedupe by `{http.webhook_receiver.body_sha256}`.",
	Signature: &Signature{
		Algorithm: "hmac-sha256",
		From:      []Source{"header:ElevenLabs-Signature"},
		Separator: ",",
		Prefix:    "v0=",
		Content:   "{timestamp}.{body}",
		Timestamp: []Source{"signature:t="},
		// The library takes what is half an hour old. Repeats come for three quarters of
		// an hour; it is not said whether they are signed anew.
		Tolerance: caddy.Duration(time.Hour),
	},
	Event:  EventRules{Type: []Source{"body:type"}, Subject: []Source{"body:data.conversation_id"}},
	Secret: "the *secret* of the webhook",
})
