package provider_test

import "time"

var _ = add("gemini", []vector{
	{
		by:     "standardwebhooks 1.1.1 for Node, which Google's example uses",
		secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
		at:     newYear,
		headers: []string{
			"webhook-id", "msg_2Lh9KRb0pzN4LePd3XiA4v12Axj",
			"webhook-timestamp", "1767225600",
			"webhook-signature", "v1,ZkyuJ2cFlTRvceRwcoes0GehTs7V+bk2ru7hp9AdslE=",
		},
		body: `{"type":"video.generated","data":{"output_file_uri":"https://generativelanguage.googleapis.com/v1beta/files/6frvmo4ifsjs:download?alt=media"}}`,
		id:   "msg_2Lh9KRb0pzN4LePd3XiA4v12Axj", kind: "video.generated",
		late: 5 * time.Minute, early: 5 * time.Minute,
	},
	{
		by:     "the same, with two signatures",
		secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
		at:     newYear,
		headers: []string{
			"webhook-id", "msg_2Lh9KRb0pzN4LePd3XiA4v12Axj",
			"webhook-timestamp", "1767225600",
			"webhook-signature", "v1,G1YYj73GWohZI4hsi3JxMyFJBQWJ2RgDNkUhCAzQeS0= v1,ZkyuJ2cFlTRvceRwcoes0GehTs7V+bk2ru7hp9AdslE=",
		},
		body: `{"type":"video.generated","data":{"output_file_uri":"https://generativelanguage.googleapis.com/v1beta/files/6frvmo4ifsjs:download?alt=media"}}`,
		id:   "msg_2Lh9KRb0pzN4LePd3XiA4v12Axj", kind: "video.generated",
		late: 5 * time.Minute, early: 5 * time.Minute,
	},
})
