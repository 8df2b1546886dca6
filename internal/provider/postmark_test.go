package provider_test

var _ = add("postmark", []vector{
	{
		by:     byToken,
		secret: "postmark:correct horse",
		headers: []string{
			"Authorization", "Basic cG9zdG1hcms6Y29ycmVjdCBob3JzZQ==",
		},
		body: `{"RecordType":"Delivery","ServerID":23,"MessageStream":"outbound","MessageID":"883953f4-6105-42a2-a16a-77a8eac79483","Recipient":"john@example.com","Tag":"welcome-email","DeliveredAt":"2014-08-01T13:28:10.2735393-04:00","Details":"Test delivery webhook details","Metadata":{"example":"value"}}`,
		kind: "Delivery", subject: "883953f4-6105-42a2-a16a-77a8eac79483",
		says: "token",
	},
})
