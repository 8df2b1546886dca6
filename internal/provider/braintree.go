package provider

import "time"

var _ = add(Row{
	// Anybody can have a challenge signed under the key of events, which is of a form that
	// no payload has: base64 of XML has capital letters.
	Name:  "braintree",
	Title: "Braintree",
	Kind:  KindPayments,
	Docs:  "https://developer.paypal.com/braintree/docs/guides/webhooks/parse",
	Note: "Events are forms with XML in base64, `bt_payload`, and are stored so; their kind is in the XML. There is no id: for `dedupe` take the body's hash, `{http.webhook_receiver.body_sha256}`. " +
		"Braintree repeats an event every hour, for a day (in the sandbox for three hours), and keeps no order.",
	Verification: &Verification{
		Challenge:     "query:bt_challenge",
		Pattern:       "[a-f0-9]{20,32}",
		HMAC:          "hex",
		HMACAlgorithm: "hmac-sha1",
		Body:          "{account}|{hmac}",
	},
	Signature: &Signature{
		Algorithm:   "hmac-sha1",
		From:        []Source{"form:bt_signature"},
		Separator:   "&",
		Prefix:      "{account}|",
		KeyEncoding: "sha1",
		Content:     "{form:bt_payload}",
		Partial:     true,
	},
	Account:  "the *public key*",
	Secret:   "the *private key* that goes with it",
	Accept:   "any",
	Timeout:  24 * time.Second,
	Patience: 30 * time.Second,
})
