package provider

var _ = add(Row{
	Name:  "constant_contact",
	Title: "Constant Contact (partner webhooks)",
	Kind:  KindCustomers,
	Docs:  "https://developer.constantcontact.com/api_guide/webhook_authenticity.html",
	Note: "The key signs the events of all partners; `account` sees to it that only yours are taken. " +
		"Each event has your API key in it. Events have no id: dedupe by `{http.webhook_receiver.body_sha256}`. " +
		"The older API v2 signs otherwise.",
	Signature: &Signature{
		Algorithm: "jws-rs256",
		From:      []Source{"header:X-CTCT-WEBHOOK-SIG"},
		SharedKey: true,
		Account:   "body:api_key",
	},
	Event:   EventRules{Type: []Source{"body:event_type"}, Subject: []Source{"body:url"}},
	Secret:  "a *public key* of Constant Contact, from https://developer.constantcontact.com/.well-known/jwks.json",
	Account: "the API key of the application",
})
