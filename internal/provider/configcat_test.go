package provider_test

import "time"

var _ = add("configcat", []vector{
	{
		by:     byDocuments,
		secret: "configcat_whsk_VN3juirnVh5pNvCKd81RYRYchxUX4j3NykbZG2fAy88=",
		at:     1669629035,
		headers: []string{
			"X-ConfigCat-Webhook-ID", "b616ca659d154a5fb907dd8475792eeb",
			"X-ConfigCat-Webhook-Timestamp", "1669629035",
			"X-ConfigCat-Webhook-Signature-V1", "Ks3cYsu9Lslfo+hVxNC3oQWnsF9e5d73TI5t94D9DRA=",
			"Content-Type", "text/plain",
		},
		body: `examplebody`,
		late: 5 * time.Minute, early: 5 * time.Minute,
	},
	{
		by:     byWords,
		secret: "configcat_whsk_VN3juirnVh5pNvCKd81RYRYchxUX4j3NykbZG2fAy88=",
		at:     newYear,
		headers: []string{
			"X-ConfigCat-Webhook-ID", "b616ca659d154a5fb907dd8475792eeb",
			"X-ConfigCat-Webhook-Timestamp", "1767225600",
			"X-ConfigCat-Webhook-Signature-V1", "BupPUpazfuajhZn3vLyP9Ln3V5nLtmBdkjwWJYRhZas=",
		},
		body: `{"config":"Main config","environment":"Production","changes":[{"settingKey":"myAwesomeFeature1","event":"changed","details":"myAwesomeFeature1: false to true"}]}`,
		late: 5 * time.Minute, early: 5 * time.Minute,
	},
	{
		by:     "the same, with a second key",
		secret: "configcat_whsk_VN3juirnVh5pNvCKd81RYRYchxUX4j3NykbZG2fAy88=",
		at:     newYear,
		headers: []string{
			"X-ConfigCat-Webhook-ID", "b616ca659d154a5fb907dd8475792eeb",
			"X-ConfigCat-Webhook-Timestamp", "1767225600",
			"X-ConfigCat-Webhook-Signature-V1", "qy31koMjlYKCVrM/HM8t9ccGpUio2u06Oq0nFEWQ+lI=,BupPUpazfuajhZn3vLyP9Ln3V5nLtmBdkjwWJYRhZas=",
		},
		body: `{"config":"Main config","environment":"Production","changes":[{"settingKey":"myAwesomeFeature1","event":"changed","details":"myAwesomeFeature1: false to true"}]}`,
		late: 5 * time.Minute, early: 5 * time.Minute,
	},
})
