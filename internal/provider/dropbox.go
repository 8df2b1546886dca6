package provider

import "time"

var _ = add(Row{
	Name:         "dropbox",
	Title:        "Dropbox",
	Kind:         KindWork,
	Docs:         "https://www.dropbox.com/developers/reference/webhooks",
	Verification: &Verification{Challenge: "query:challenge"},
	Signature:    &Signature{Algorithm: "hmac-sha256", From: []Source{"header:X-Dropbox-Signature"}},
	Secret:       "the *app secret*",
	Timeout:      8 * time.Second,
	Patience:     10 * time.Second,
})
