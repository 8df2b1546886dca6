package provider_test

var _ = add("box", []vector{
	{
		by:     "the test of Box's libraries, primary key",
		secret: "SamplePrimaryKey",
		at:     1577862000,
		headers: []string{
			"BOX-DELIVERY-TIMESTAMP", "2020-01-01T00:00:00-07:00",
			"BOX-SIGNATURE-PRIMARY", "6TfeAW3A1PASkgboxxA5yqHNKOwFyMWuEXny/FPD5hI=",
			"BOX-SIGNATURE-SECONDARY", "v+1CD1Jdo3muIcbpv5lxxgPglOqMfsNHPV899xWYydo=",
		},
		body: `{"type":"webhook_event","webhook":{"id":"1234567890"},"trigger":"FILE.UPLOADED","source":{"id":"1234567890","type":"file","name":"Test.txt"}}`,
		kind: "FILE.UPLOADED", subject: "1234567890",
	},
	{
		by:     "the test of Box's libraries, secondary key",
		secret: "SampleSecondaryKey",
		at:     1577862000,
		headers: []string{
			"BOX-DELIVERY-TIMESTAMP", "2020-01-01T00:00:00-07:00",
			"BOX-SIGNATURE-PRIMARY", "6TfeAW3A1PASkgboxxA5yqHNKOwFyMWuEXny/FPD5hI=",
			"BOX-SIGNATURE-SECONDARY", "v+1CD1Jdo3muIcbpv5lxxgPglOqMfsNHPV899xWYydo=",
		},
		body: `{"type":"webhook_event","webhook":{"id":"1234567890"},"trigger":"FILE.UPLOADED","source":{"id":"1234567890","type":"file","name":"Test.txt"}}`,
		kind: "FILE.UPLOADED", subject: "1234567890",
	},
})
