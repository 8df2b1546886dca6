package provider_test

import "time"

var _ = add("hubspot", []vector{
	{
		by:     "@hubspot/api-client 13.5.0",
		secret: "hubspot-client-secret",
		late:   5 * time.Minute, early: 5 * time.Minute,
		at:  newYear,
		url: "https://hooks.example.com/hubspot?a=b",
		headers: []string{
			"X-HubSpot-Signature-v3", "7PDZHvaq46Up5VhJ66Fdq3uj4lPOkMfxxX+O0wP60zQ=",
			"X-HubSpot-Request-Timestamp", "1767225600000",
		},
		body: `[{"eventId":1,"subscriptionType":"contact.creation","objectId":123}]`,
		kind: "contact.creation", subject: "123",
	},
	{
		by:     byWords,
		secret: "hubspot-client-secret",
		late:   5 * time.Minute, early: 5 * time.Minute,
		at:  newYear,
		url: "https://hooks.example.com/hubspot?a=b%3Ac%2Fd%40e",
		headers: []string{
			"X-HubSpot-Signature-v3", "hSo3LLX1rzouklxDnPWUuxy35huvg96LYfXZCgpBGbE=",
			"X-HubSpot-Request-Timestamp", "1767225600000",
		},
		body: `[{"eventId":1,"subscriptionType":"contact.creation","objectId":123}]`,
		kind: "contact.creation", subject: "123",
	},
})
