package provider

import "time"

var _ = add(Row{
	Name:  "wise",
	Title: "Wise",
	Kind:  KindFinance,
	Docs:  "https://docs.wise.com/features/webhooks-notifications/event-handling",
	Note: "Wise signs the events of all its customers with the same key, so `account` must name your profile. " +
		"Events without `data.resource.profile_id`, such as `transfers#payout-failure`, are refused, " +
		"as is the test message for a new subscription unless it names your profile. " +
		"The sandbox has another key than production. " +
		"Events carry no id of their own. Wise sends an event again for two weeks, up to 25 times.",
	Signature: &Signature{
		Algorithm: "rsa-sha256",
		From:      []Source{"header:X-Signature-SHA256"},
		Encoding:  "base64",
		SharedKey: true,
		Account:   "body:data.resource.profile_id",
	},
	Event:    EventRules{Type: []Source{"body:event_type"}, Subject: []Source{"body:data.resource.id"}},
	Secret:   "the *public key* that Wise publishes for webhooks",
	Account:  "the id of the profile",
	Timeout:  4 * time.Second,
	Patience: 5 * time.Second,
})
