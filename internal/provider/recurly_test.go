package provider_test

import "time"

var _ = add("recurly", []vector{
	{
		by:     "the test of recurly-client-ruby",
		secret: "354fab5bd35f5a0d50845ee7e30165244468b13c2c343f104e4e730a59326d9d",
		at:     1663103925,
		headers: []string{
			"recurly-signature", "1663103925004,ad24699f3beaa24c9af2cc7ada3ce4c835da0090194241b9d3add83d27f14bc3",
		},
		body: `{"id":"rjxwmwedwqug","object_type":"account","site_id":"qc326l1hl8k9","event_type":"created","event_time":"2022-09-13T21:18:40Z","account_code":"adfas23zzz14123"}`,
		kind: "account.created", subject: "adfas23zzz14123",
		late: 5 * time.Minute, early: 5 * time.Minute,
	},
	{
		by:     "the same, with two signatures",
		secret: "354fab5bd35f5a0d50845ee7e30165244468b13c2c343f104e4e730a59326d9d",
		at:     1663103925,
		headers: []string{
			"recurly-signature", "1663103925004,1b56188fbdc65a885923886c8b7271332149050589d91803364521080cd0792d,ad24699f3beaa24c9af2cc7ada3ce4c835da0090194241b9d3add83d27f14bc3",
		},
		body: `{"id":"rjxwmwedwqug","object_type":"account","site_id":"qc326l1hl8k9","event_type":"created","event_time":"2022-09-13T21:18:40Z","account_code":"adfas23zzz14123"}`,
		kind: "account.created", subject: "adfas23zzz14123",
		late: 5 * time.Minute, early: 5 * time.Minute,
	},
})
