package provider

var _ = add(Row{
	Name:      "onfido",
	Title:     "Onfido",
	Kind:      KindIdentity,
	Docs:      "https://documentation.onfido.com/api/manual-webhook-signature-verification",
	Note:      "Events have no id, the subject is that of the check, report or workflow run: dedupe by `{http.webhook_receiver.body_sha256}`.",
	Signature: &Signature{Algorithm: "hmac-sha256", From: []Source{"header:X-SHA2-Signature"}},
	Event:     EventRules{Type: []Source{"body:payload.action"}, Subject: []Source{"body:payload.object.id"}},
	Secret:    "the *token* of the webhook",
})
