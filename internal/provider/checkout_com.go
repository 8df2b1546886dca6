package provider

var _ = add(Row{
	Name:      "checkout_com",
	Title:     "Checkout.com",
	Kind:      KindPayments,
	Docs:      "https://www.checkout.com/docs/workflows/set-up-your-webhook-receiver",
	Note:      "Give the webhook a signature key: without one Checkout.com does not sign. A header `Authorization` that was set for it is not checked.",
	Signature: &Signature{Algorithm: "hmac-sha256", From: []Source{"header:Cko-Signature"}},
	Event:     EventRules{ID: []Source{"body:id"}, Type: []Source{"body:type"}, Subject: []Source{"body:data.id"}},
	Secret:    "the *signature key* of the webhook",
})
