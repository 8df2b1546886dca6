package provider

var _ = add(Row{
	Name:      "aftership",
	Title:     "AfterShip Tracking",
	Kind:      KindCommerce,
	Docs:      "https://www.aftership.com/docs/tracking/webhook/webhook-signature",
	Note:      "The URL's port must be 443, 80 or 8080.",
	Signature: &Signature{Algorithm: "hmac-sha256", From: []Source{"header:AfterShip-Hmac-SHA256"}, Encoding: "base64"},
	Event:     EventRules{ID: []Source{"body:event_id"}, Type: []Source{"body:event"}, Subject: []Source{"body:msg.id"}},
	Secret:    "the *webhook secret* of the account",
})
