package provider_test

import "testing"

const braintreeBody = "bt_signature=other_public_key%7C0000000000000000000000000000000000000000%26integration_public_key%7C585ef3c26474f66bfbc5ed23d1c0ee80de18cad7&bt_payload=PG5vdGlmaWNhdGlvbj48dGltZXN0YW1wIHR5cGU9ImRhdGV0aW1lIj4yMDI2LTAxLTAxVDAwOjAw%0AOjAwWjwvdGltZXN0YW1wPjxraW5kPnN1YnNjcmlwdGlvbl9jYW5jZWxlZDwva2luZD48c3ViamVj%0AdD48c3Vic2NyaXB0aW9uPjxpZD5zMTwvaWQ%2BPC9zdWJzY3JpcHRpb24%2BPC9zdWJqZWN0Pjwvbm90%0AaWZpY2F0aW9uPg%3D%3D%0A"

var _ = add("braintree", []vector{
	{
		by:      byWords,
		secret:  "integration_private_key",
		account: "integration_public_key",
		headers: []string{"Content-Type", "application/x-www-form-urlencoded"},
		body:    braintreeBody,
		says:    "partial",
	},
})

// The challenge is that of the test of braintree_node.
var _ = verifies("braintree", []handshake{
	{"integration_private_key", get("bt_challenge=20f9f8ed05f77439fe955c977e4c8a53"), 200, "integration_public_key|d9b899556c966b3f06945ec21311865d35df3ce4", nil},
	{"integration_private_key", get("bt_challenge=20f9f8ed05f77439fe955c977e4c8a5"), 200, "integration_public_key|37ce2bbb22cec877c9aa22218e5535dd112e465d", nil},
	{"integration_private_key", get("bt_challenge=20F9F8ED05F77439FE955C977E4C8A53"), 400, "", nil},
	{"integration_private_key", get("bt_challenge=20f9f8ed05f77439fe955c977e4c8a530"), 400, "", nil},
	{"integration_private_key", get("bt_challenge=20f9"), 400, "", nil},
	{"integration_private_key", get(""), 400, "", nil},
})

// TestBraintreeOracle: what was had as an answer to a challenge is the signature of no
// event.
func TestBraintreeOracle(t *testing.T) {
	rc := newReceiver(t, "provider braintree\nsecret integration_private_key\naccount integration_public_key")
	const form = "application/x-www-form-urlencoded"
	if resp, _ := rc.send(t, post("", braintreeBody, "Content-Type", form)); resp.StatusCode != 200 {
		t.Fatal(resp.StatusCode)
	}
	rc.refuses(t, post("", "bt_signature=integration_public_key%7Cd9b899556c966b3f06945ec21311865d35df3ce4&bt_payload=20f9f8ed05f77439fe955c977e4c8a53", "Content-Type", form), 401)
}
