package provider

import "github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/keys"

var _ = add(Row{
	Name:  "ebay",
	Title: "eBay",
	Kind:  KindCommerce,
	Docs:  "https://github.com/eBay/event-notification-nodejs-sdk",
	Note: "The key is fetched from `api.ebay.com`, or from `api.sandbox.ebay.com` where the secret begins with `sandbox:`. It is eBay's: notifications of other " +
		"applications are signed with it as well. `public_url` must be the endpoint just as it is entered at eBay, as its verification is answered with a digest of it " +
		"and of the first `verify_token`. A notification keeps its `notificationId` when it is sent again.",
	Verification: &Verification{
		Challenge:   "query:challenge_code",
		Digest:      "{challenge}{verify_token}{url}",
		ContentType: "application/json",
		Body:        `{"challengeResponse":"{digest}"}`,
	},
	Signature: &Signature{
		Algorithm: "ecdsa-p256-sha1",
		From:      []Source{"header_json:X-EBAY-SIGNATURE.signature"},
		Encoding:  "base64",
		SharedKey: true,
	},
	Event:  EventRules{ID: []Source{"body:notification.notificationId"}, Type: []Source{"body:metadata.topic"}, Status: 204},
	Token:  "the *verification token*, which you choose",
	Secret: "*App ID* and *Cert ID* of the application, as `client_id:client_secret`",
	Keys:   keys.EBay,
})
