package provider

import "time"

var _ = add(Row{
	Name:  "shopify",
	Title: "Shopify",
	Kind:  KindCommerce,
	Docs:  "https://shopify.dev/docs/apps/build/webhooks/subscribe/https",
	Note:  "For webhooks (headers `X-Shopify-…`) and events (headers `Shopify-…`). Type and id are in headers, which are not signed.",
	Signature: &Signature{
		Algorithm: "hmac-sha256",
		From:      []Source{"header:Shopify-Hmac-SHA256", "header:X-Shopify-Hmac-SHA256"},
		Encoding:  "base64",
	},
	Event: EventRules{
		ID:      []Source{"header:Shopify-Webhook-Id", "header:X-Shopify-Webhook-Id"},
		Type:    []Source{"header:Shopify-Topic", "header:X-Shopify-Topic"},
		Subject: []Source{"body:id", "header:Shopify-Resource-Id"},
	},
	Secret:   "the *client secret* of the app",
	Timeout:  4 * time.Second,
	Patience: 5 * time.Second,
})
