package provider

import "time"

var _ = add(Row{
	// Its libraries look at these forms of the URL too, as Twilio's servers differ.
	// A form has a few kilobytes, a batch of JSON events more.
	Name:  "twilio",
	Title: "Twilio",
	Kind:  KindMessaging,
	Docs:  "https://www.twilio.com/docs/usage/webhooks/webhooks-security",
	Note: "The request must be a POST, of a form or of JSON. Of JSON, Twilio adds the hash to the URL, as `bodySHA256`. The answer is an empty TwiML response. " +
		"Twilio signs the URL: behind another proxy `public_url` must be the one that Twilio was given, word for word, with its query, and user and password if there are any. " +
		"Where URLs vary, as those of status callbacks do, give only scheme and host. HMAC-SHA256 is what Twilio uses with a *SharedKey*, whose secret is another `secret`. " +
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
