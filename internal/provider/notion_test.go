package provider_test

const notionToken = "secret_tMrlL1qK5vuQAh1b6cZGhFChZTSYJlce98V0pYn7yBl"

var _ = add("notion", []vector{{
	by:      byWords,
	secret:  notionToken,
	headers: []string{"X-Notion-Signature", "sha256=7fba53c6fe3406b11908a211504717c800e6d7a00aef26c86b33116e397d0086"},
	body:    `{"id":"367cba44-b6f3-4c92-81e7-6a2e9659efd4","timestamp":"2026-01-02T03:04:05.000Z","workspace_id":"13950b26-c203-4f3b-b97d-93ec06319565","subscription_id":"29d75c0d-5546-4414-8459-7b7a92f1fc4b","integration_id":"0ef2e755-4912-8096-91c1-00376a88a5ca","authors":[{"id":"c7c11cca-1d73-471d-9b6e-bdef51470190","type":"person"}],"attempt_number":1,"api_version":"2022-06-28","entity":{"id":"153104cd-477e-809d-8dc4-ff2d96ae3090","type":"page"},"type":"page.created","data":{"parent":{"id":"13950b26-c203-4f3b-b97d-93ec06319565","type":"space"}}}`,
	id:      "367cba44-b6f3-4c92-81e7-6a2e9659efd4", kind: "page.created", subject: "153104cd-477e-809d-8dc4-ff2d96ae3090",
}})

const (
	notionHandshake = `{"verification_token":"secret_tMrlL1qK5vuQAh1b6cZGhFChZTSYJlce98V0pYn7yBl"}`
	notionStranger  = `{"verification_token":"secret_of_somebody_else"}`
)

// The token is known here: TestLearn in the root package has it learnt.
var _ = verifies("notion", []handshake{
	{notionToken, post("", notionHandshake, "X-Notion-Signature", "sha256=461e8cbcba8a75c3edd866f0e71280f5a85cbf21eff040ebd10fe266df38a735"), 200, "", nil},
	{notionToken, post("", notionStranger, "X-Notion-Signature", "sha256="+hexMAC("secret_of_somebody_else", notionStranger)), 403, "", nil},
	{notionToken, post("", notionStranger, "X-Notion-Signature", "sha256="+hexMAC("another", notionStranger)), 401, "", nil},
	{notionToken, post("", notionHandshake), 401, "", nil},
	{notionToken, post("", "{}"), 401, "", nil},
})
