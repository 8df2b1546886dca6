package provider

import "time"

var _ = add(Row{
	// Its libraries look at these forms of the URL too, as Twilio's servers differ.
	// A form has a few kilobytes, a batch of JSON events more.
	Name:  "twilio",
	Title: "Twilio",
	Kind:  KindMessaging,
	Docs:  "https://www.twilio.com/docs/usage/webhooks/webhooks-security",
	Note: "Sent by POST, as forms or as JSON, whose hash Twilio adds to the URL as `bodySHA256`; the answer is an empty TwiML response. " +
		"Signs the URL: behind another proxy `public_url` must be the one that Twilio was given, word for word, with its query, and user and password if there are any; " +
		"or only scheme and host, where URLs vary, as those of status callbacks do. HMAC-SHA256 is what Twilio uses with a *SharedKey*, whose secret is another `secret`. " +
		"URL and form are signed without anything between them: with only scheme and host, match the exact path (`/webhooks`, not `/webhooks*`), and keep `X-Twilio-Signature` out of logs. " +
		"The id is in a header, which is not signed.",
	Signature: &Signature{
		Algorithm: "hmac-sha1 hmac-sha256",
		From:      []Source{"header:X-Twilio-Signature"},
		Encoding:  "base64",
		Content:   "{url}{form}",
		URLForms:  []string{"port", "escaped"},
		BodyHash:  "query:bodySHA256",
	},
	Event: EventRules{
		ID:          []Source{"header:I-Twilio-Idempotency-Token"},
		ContentType: "text/xml",
		Body:        "<Response/>",
	},
	Secret:      "the *auth token* of the account",
	MaxBodySize: 1 << 20,
	Timeout:     12 * time.Second,
	Patience:    15 * time.Second,
	Accept:      "any",
})
