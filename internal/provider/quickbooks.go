package provider

import "time"

var _ = add(Row{
	Name:  "quickbooks",
	Title: "QuickBooks Online",
	Kind:  KindFinance,
	Docs:  "https://developer.intuit.com/app/developer/qbo/docs/develop/webhooks",
	Note: "A request may have several events in it, and is stored as one event with all of them: type and subject, the company, are those of the first. " +
		"There is no id for all of them: only `{http.webhook_receiver.body_sha256}` can tell a repeat. " +
		"While an event fails, Intuit may hold back those after it.",
	Signature: &Signature{
		Algorithm: "hmac-sha256",
		From:      []Source{"header:intuit-signature"},
		Encoding:  "base64",
	},
	Event: EventRules{
		Type: []Source{
			"body:0.type",
			"{body:eventNotifications.0.dataChangeEvent.entities.0.name}.{body:eventNotifications.0.dataChangeEvent.entities.0.operation}",
		},
		Subject: []Source{"body:0.intuitaccountid", "body:eventNotifications.0.realmId"},
	},
	Timeout:  2400 * time.Millisecond,
	Patience: 3 * time.Second,
	Secret:   "the *verifier token* of the app",
})
