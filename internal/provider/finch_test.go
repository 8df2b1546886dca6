package provider_test

import "time"

var _ = add("finch", []vector{
	{
		by:     "@tryfinch/finch-api 10.7.0",
		secret: "5WbX5kEWLlfzsGNjH64I8lOOqUB6e8FH",
		at:     newYear,
		headers: []string{
			"Finch-Event-Id", "msg_2Lh9KRb0pzN4LePd3XiA4v12Axk",
			"Finch-Timestamp", "1767225600",
			"Finch-Signature", "v1,yPt5BG2gaylNlDM9fT0YcHKh0/E9MQj8gM3mX1Sx9jE=",
		},
		body: `{"company_id":"720be419-0293-4d32-a707-32179b0827ab","account_id":"11111111-1111-1111-1111-111111111111","connection_id":"4c1b2a7f-88b1-4a6f-9f1a-0d5f1b0f3a2e","entity_id":"2f5d3b1c-1d0b-4f64-9b6a-7a2f0c9e8d7c","event_type":"account.updated","data":{"status":"connected","authentication_method":{"type":"oauth"}}}`,
		id:   "msg_2Lh9KRb0pzN4LePd3XiA4v12Axk", kind: "account.updated", subject: "4c1b2a7f-88b1-4a6f-9f1a-0d5f1b0f3a2e",
		late: 5 * time.Minute, early: 5 * time.Minute,
	},
	{
		by:     "the test of finch-api-python",
		secret: "5WbX5kEWLlfzsGNjH64I8lOOqUB6e8FH",
		at:     1676312382,
		headers: []string{
			"Finch-Event-Id", "msg_2Lh9KRb0pzN4LePd3XiA4v12Axj",
			"Finch-Timestamp", "1676312382",
			"Finch-Signature", "v1,m7y0TV2C+hlHxU42wCieApTSTaA8/047OAplBqxIV/s=",
		},
		body: `{"company_id":"720be419-0293-4d32-a707-32179b0827ab"}`,
		id:   "msg_2Lh9KRb0pzN4LePd3XiA4v12Axj", subject: "720be419-0293-4d32-a707-32179b0827ab",
		late: 5 * time.Minute, early: 5 * time.Minute,
	},
	{
		by:     "the same, with two signatures",
		secret: "5WbX5kEWLlfzsGNjH64I8lOOqUB6e8FH",
		at:     newYear,
		headers: []string{
			"Finch-Event-Id", "msg_2Lh9KRb0pzN4LePd3XiA4v12Axk",
			"Finch-Timestamp", "1767225600",
			"Finch-Signature", "v1,G1YYj73GWohZI4hsi3JxMyFJBQWJ2RgDNkUhCAzQeS0= v1,yPt5BG2gaylNlDM9fT0YcHKh0/E9MQj8gM3mX1Sx9jE=",
		},
		body: `{"company_id":"720be419-0293-4d32-a707-32179b0827ab","account_id":"11111111-1111-1111-1111-111111111111","connection_id":"4c1b2a7f-88b1-4a6f-9f1a-0d5f1b0f3a2e","entity_id":"2f5d3b1c-1d0b-4f64-9b6a-7a2f0c9e8d7c","event_type":"account.updated","data":{"status":"connected","authentication_method":{"type":"oauth"}}}`,
		id:   "msg_2Lh9KRb0pzN4LePd3XiA4v12Axk", kind: "account.updated", subject: "4c1b2a7f-88b1-4a6f-9f1a-0d5f1b0f3a2e",
		late: 5 * time.Minute, early: 5 * time.Minute,
	},
})
