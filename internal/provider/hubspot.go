package provider

import "time"

var _ = add(Row{
	Name:  "hubspot",
	Title: "HubSpot",
	Kind:  KindCustomers,
	Docs:  "https://developers.hubspot.com/docs/api/webhooks/validating-requests",
	Note:  "This is version 3 of the signature. HubSpot signs the URL: behind another proxy `public_url` must be the app's target URL, or its scheme and host.",
	Signature: &Signature{
		Algorithm:       "hmac-sha256",
		From:            []Source{"header:X-HubSpot-Signature-v3"},
		Encoding:        "base64",
		Content:         "{method}{url}{body}{timestamp}",
		URLForms:        []string{"decoded"},
		Timestamp:       []Source{"header:X-HubSpot-Request-Timestamp"},
		TimestampFormat: "unix_ms",
	},
	Event:    EventRules{Type: []Source{"body:0.subscriptionType"}, Subject: []Source{"body:0.objectId"}},
	Secret:   "the *client secret* of the app",
	Timeout:  4 * time.Second,
	Patience: 5 * time.Second,
})
