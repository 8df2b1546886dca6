package provider_test

import "time"

var _ = add("increase", []vector{
	{
		by:     "increase 0.552.0 for Python",
		secret: "a shared secret of one's own",
		at:     newYear,
		headers: []string{
			"webhook-id", "msg_2Lh9KRb0pzN4LePd3XiA4v12Axj",
			"webhook-timestamp", "1767225600",
			"webhook-signature", "v1,GtEFmIMO4XeEarxAKhwI8ZLx4lL/xdFkjNlMVR44oU4=",
		},
		body: `{"associated_object_id":"account_in71c4amph0vgo2qllky","associated_object_type":"account","category":"account.created","created_at":"2026-01-01T00:00:00Z","id":"event_001dzz0r20rzr4zrhrr1364hy80","type":"event"}`,
		id:   "event_001dzz0r20rzr4zrhrr1364hy80", kind: "account.created", subject: "account_in71c4amph0vgo2qllky",
		late: 5 * time.Minute, early: 5 * time.Minute,
	},
	{
		by:     "the same, with two signatures",
		secret: "a shared secret of one's own",
		at:     newYear,
		headers: []string{
			"webhook-id", "msg_2Lh9KRb0pzN4LePd3XiA4v12Axj",
			"webhook-timestamp", "1767225600",
			"webhook-signature", "v1,G1YYj73GWohZI4hsi3JxMyFJBQWJ2RgDNkUhCAzQeS0= v1,GtEFmIMO4XeEarxAKhwI8ZLx4lL/xdFkjNlMVR44oU4=",
		},
		body: `{"associated_object_id":"account_in71c4amph0vgo2qllky","associated_object_type":"account","category":"account.created","created_at":"2026-01-01T00:00:00Z","id":"event_001dzz0r20rzr4zrhrr1364hy80","type":"event"}`,
		id:   "event_001dzz0r20rzr4zrhrr1364hy80", kind: "account.created", subject: "account_in71c4amph0vgo2qllky",
		late: 5 * time.Minute, early: 5 * time.Minute,
	},
})
