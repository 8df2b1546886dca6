package provider_test

import "time"

var _ = add("airwallex", []vector{
	{
		by:     byWords,
		secret: "whsec_airwallexSecret",
		at:     newYear,
		headers: []string{
			"X-Signature", "bd89479eeb79e4148263bf640f68a682a0dc52cc974866878349445968de4a3b",
			"X-Timestamp", "1767225600000",
		},
		body: `{"id":"evt_100_2019102201540902013102020043_8321220011893766","name":"payment_attempt.authorized","account_id":"19621303213","data":{"object":{"id":"att_hkdmbjs2vg0wvsjb5th","status":"AUTHORIZED"}},"created_at":"2019-10-22T01:54:09+0000","version":"2024-02-22"}`,
		id:   "evt_100_2019102201540902013102020043_8321220011893766", kind: "payment_attempt.authorized", subject: "19621303213",
		late: 96 * time.Hour, early: 96 * time.Hour,
	},
	{
		by:     "the words of the provider's documents, an event of a charge",
		secret: "whsec_airwallexSecret",
		at:     newYear,
		headers: []string{
			"X-Signature", "d2ef3c0373b477bbe1a9e01c61c823b3ecaeb199c80dc41059567e2aac3461ae",
			"X-Timestamp", "1767225600000",
		},
		body: `{"accountId":"acct_TOslkS7-MnyXlQuV8Lb4og","data":{"amount":10000,"currency":"AUD","id":"d9af1614-a6a1-4d45-aae7-6858fc6d9ede","status":"NEW"},"id":"86b69f91-06f0-3fe8-8faf-4de58954ca8e","name":"charge.new"}`,
		id:   "86b69f91-06f0-3fe8-8faf-4de58954ca8e", kind: "charge.new", subject: "acct_TOslkS7-MnyXlQuV8Lb4og",
		late: 96 * time.Hour, early: 96 * time.Hour,
	},
})
