package provider

var _ = add(Row{
	Name:      "squarespace",
	Title:     "Squarespace",
	Kind:      KindCommerce,
	Docs:      "https://developers.squarespace.com/webhooks/verifying-notifications",
	Note:      "A failed notification is sent again for 48 hours. After several failures Squarespace may delete the subscription.",
	Signature: &Signature{Algorithm: "hmac-sha256", From: []Source{"header:Squarespace-Signature"}, KeyEncoding: "hex"},
	Event:     EventRules{ID: []Source{"body:id"}, Type: []Source{"body:topic"}, Subject: []Source{"body:websiteId"}},
	Secret:    "the *secret* of the webhook subscription, in hexadecimal digits",
})
