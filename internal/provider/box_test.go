package provider_test

import "time"

var _ = add("box", []vector{
	{
		by:     "the test of Box's libraries, primary key",
		secret: "SamplePrimaryKey",
		late:   10 * time.Minute, early: 10 * time.Minute,
		at: 1577862000,
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
		late:   10 * time.Minute, early: 10 * time.Minute,
		at: 1577862000,
		headers: []string{
			"BOX-DELIVERY-TIMESTAMP", "2020-01-01T00:00:00-07:00",
			"BOX-SIGNATURE-PRIMARY", "6TfeAW3A1PASkgboxxA5yqHNKOwFyMWuEXny/FPD5hI=",
			"BOX-SIGNATURE-SECONDARY", "v+1CD1Jdo3muIcbpv5lxxgPglOqMfsNHPV899xWYydo=",
		},
		body: `{"type":"webhook_event","webhook":{"id":"1234567890"},"trigger":"FILE.UPLOADED","source":{"id":"1234567890","type":"file","name":"Test.txt"}}`,
		kind: "FILE.UPLOADED", subject: "1234567890",
	},
	{
		by:     byWords,
		secret: "box-key",
		late:   10 * time.Minute, early: 10 * time.Minute,
		at:      newYear,
		headers: []string{"BOX-SIGNATURE-PRIMARY", "lEK+LOY/Lr1U48fL7AjR6sPyx2hgLTa9Qaoj2m8xcV8=", "BOX-DELIVERY-TIMESTAMP", "2026-01-01T00:00:00Z"},
		body:    `{"type":"webhook_event","id":"eb0c4e06-751f-444d-8a5e-3b0c4e06751f","created_at":"2026-01-01T00:00:00-08:00","trigger":"FILE.UPLOADED","webhook":{"id":"53"},"source":{"id":"73835521473","type":"file"}}`,
		id:      "eb0c4e06-751f-444d-8a5e-3b0c4e06751f", kind: "FILE.UPLOADED", subject: "73835521473",
	},
})
