package provider_test

var _ = verifies("generic", []handshake{
	{"", get("challenge=1"), 405, "", []string{"Allow", "POST"}},
})
