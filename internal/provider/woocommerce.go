package provider

import "time"

var _ = add(Row{
	Name:  "woocommerce",
	Title: "WooCommerce",
	Kind:  KindCommerce,
	Docs:  "https://github.com/woocommerce/woocommerce/blob/trunk/plugins/woocommerce/includes/class-wc-webhook.php",
	Note: "The ping on saving a webhook is not signed, and is refused: WooCommerce then shows an error, and the webhook is there all the same. " +
		"More than 5 failures in a row disable a webhook; WooCommerce repeats nothing. " +
		"Two events of the same second have the same `X-WC-Webhook-Delivery-ID`, so it is no id. The type is in a header, which is not signed.",
	Signature: &Signature{Algorithm: "hmac-sha256", From: []Source{"header:X-WC-Webhook-Signature"}, Encoding: "base64"},
	Event:     EventRules{Type: []Source{"header:X-WC-Webhook-Topic"}, Subject: []Source{"body:id"}},
	Secret:    "the *secret* of the webhook",
	Patience:  time.Minute,
})
