package provider_test

var _ = add("xero", []vector{
	{
		by:      byWords,
		secret:  "xero-key",
		headers: []string{"x-xero-signature", "tLm9ka/XQyvHySA0OzOTW5+CZY1uJm058kZFXiiMUag="},
		body:    `{"events":[],"firstEventSequence":0,"lastEventSequence":0,"entropy":"S0m3r4Nd0mt3xt"}`,
	},
})
