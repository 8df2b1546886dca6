package provider

var _ = add(Row{
	Name:      "nuvemshop",
	Title:     "Nuvemshop and Tiendanube",
	Kind:      KindCommerce,
	Docs:      "https://tiendanube.github.io/api-documentation/resources/webhook",
	Aliases:   []string{"tiendanube"},
	Note:      "Do not use `dedupe`: an event has only the id of what has changed, so that two changes of it look like a repeat.",
	Signature: &Signature{Algorithm: "hmac-sha256", From: []Source{"header:X-Linkedstore-HMAC-SHA256"}},
	Event:     EventRules{Type: []Source{"body:event"}, Subject: []Source{"body:store_id"}},
	Secret:    "the *secret* of the app",
})
