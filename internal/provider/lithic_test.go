package provider_test

import "time"

var _ = add("lithic", []vector{
	{
		by:     "lithic 0.145.0",
		secret: "whsec_zlFsbBZ8Xcodlpcu6NDTdSzZRLSdhkst",
		at:     newYear,
		headers: []string{
			"webhook-id", "msg_test123",
			"webhook-timestamp", "1767225600",
			"webhook-signature", "v1,0KWisLID7GPRNYC+y6Wr6IBDoDxpmyOFyu7oxaXwXN8=",
		},
		body: `{"event_type":"account_holder.created","token":"00000000-0000-0000-0000-000000000001","account_token":"00000000-0000-0000-0000-000000000001","created":"2019-12-27T18:11:19.117Z","status":"ACCEPTED"}`,
		id:   "msg_test123", kind: "account_holder.created", subject: "00000000-0000-0000-0000-000000000001",
		late: 5 * time.Minute, early: 5 * time.Minute,
	},
	{
		by:     "the test of lithic-python",
		secret: "whsec_zlFsbBZ8Xcodlpcu6NDTdSzZRLSdhkst",
		at:     1676312382,
		headers: []string{
			"webhook-id", "msg_2Lh9KRb0pzN4LePd3XiA4v12Axj",
			"webhook-timestamp", "1676312382",
			"webhook-signature", "v1,Dwa0AHInLL3XFo2sxcHamOQDrJNi7F654S3L6skMAOI=",
		},
		body: `{"card_token":"sit Lorem ipsum, accusantium repellendus possimus","created_at":"elit. placeat libero architecto molestias, sit","account_token":"elit.","issuer_decision":"magnam, libero esse Lorem ipsum magnam, magnam,","tokenization_attempt_id":"illum dolor repellendus libero esse accusantium","wallet_decisioning_info":{"device_score":"placeat architecto"},"digital_wallet_token_metadata":{"status":"reprehenderit dolor","token_requestor_id":"possimus","payment_account_info":{"account_holder_data":{"phone_number":"libero","email_address":"nobis molestias, veniam culpa! quas elit. quas libero esse architecto placeat"},"pan_unique_reference":"adipisicing odit magnam, odit"}}}`,
		id:   "msg_2Lh9KRb0pzN4LePd3XiA4v12Axj", subject: "sit Lorem ipsum, accusantium repellendus possimus",
		late: 5 * time.Minute, early: 5 * time.Minute,
	},
	{
		by:     "the same, with two signatures",
		secret: "whsec_zlFsbBZ8Xcodlpcu6NDTdSzZRLSdhkst",
		at:     newYear,
		headers: []string{
			"webhook-id", "msg_test123",
			"webhook-timestamp", "1767225600",
			"webhook-signature", "v1,G1YYj73GWohZI4hsi3JxMyFJBQWJ2RgDNkUhCAzQeS0= v1,0KWisLID7GPRNYC+y6Wr6IBDoDxpmyOFyu7oxaXwXN8=",
		},
		body: `{"event_type":"account_holder.created","token":"00000000-0000-0000-0000-000000000001","account_token":"00000000-0000-0000-0000-000000000001","created":"2019-12-27T18:11:19.117Z","status":"ACCEPTED"}`,
		id:   "msg_test123", kind: "account_holder.created", subject: "00000000-0000-0000-0000-000000000001",
		late: 5 * time.Minute, early: 5 * time.Minute,
	},
})
