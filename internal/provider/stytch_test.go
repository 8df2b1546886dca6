package provider_test

import "time"

var _ = add("stytch", []vector{
	{
		by:     "svix 1.99.1, to which the documents point",
		secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
		at:     newYear,
		headers: []string{
			"svix-id", "msg_2Lh9KRb0pzN4LePd3XiA4v12Axj",
			"svix-timestamp", "1767225600",
			"svix-signature", "v1,Zj18AfjZX8t/n3tzIsU7ENUq9Lg/dLnOAjYZH5l519g=",
		},
		body: `{"action":"CREATE","event_id":"event-test-3fa85f64-5717-4562-b3fc-2c963f66afa6","id":"organization-test-07971b06-ac8b-4cdb-9c15-63b17e653931","object_type":"organization","project_id":"project-test-123","source":"DIRECT","timestamp":"2026-01-01T00:00:00.000Z","organization":{"organization_id":"organization-test-07971b06-ac8b-4cdb-9c15-63b17e653931","organization_name":"Example Org"}}`,
		id:   "event-test-3fa85f64-5717-4562-b3fc-2c963f66afa6", kind: "DIRECT.organization.CREATE", subject: "organization-test-07971b06-ac8b-4cdb-9c15-63b17e653931",
		late: 5 * time.Minute, early: 5 * time.Minute,
	},
	{
		by:     "the same, with the headers that Svix calls unbranded",
		secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
		at:     newYear,
		headers: []string{
			"webhook-id", "msg_2Lh9KRb0pzN4LePd3XiA4v12Axj",
			"webhook-timestamp", "1767225600",
			"webhook-signature", "v1,Zj18AfjZX8t/n3tzIsU7ENUq9Lg/dLnOAjYZH5l519g=",
		},
		body: `{"action":"CREATE","event_id":"event-test-3fa85f64-5717-4562-b3fc-2c963f66afa6","id":"organization-test-07971b06-ac8b-4cdb-9c15-63b17e653931","object_type":"organization","project_id":"project-test-123","source":"DIRECT","timestamp":"2026-01-01T00:00:00.000Z","organization":{"organization_id":"organization-test-07971b06-ac8b-4cdb-9c15-63b17e653931","organization_name":"Example Org"}}`,
		id:   "event-test-3fa85f64-5717-4562-b3fc-2c963f66afa6", kind: "DIRECT.organization.CREATE", subject: "organization-test-07971b06-ac8b-4cdb-9c15-63b17e653931",
		late: 5 * time.Minute, early: 5 * time.Minute,
	},
	{
		by:     "the same, with two signatures",
		secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
		at:     newYear,
		headers: []string{
			"svix-id", "msg_2Lh9KRb0pzN4LePd3XiA4v12Axj",
			"svix-timestamp", "1767225600",
			"svix-signature", "v1,G1YYj73GWohZI4hsi3JxMyFJBQWJ2RgDNkUhCAzQeS0= v1,Zj18AfjZX8t/n3tzIsU7ENUq9Lg/dLnOAjYZH5l519g=",
		},
		body: `{"action":"CREATE","event_id":"event-test-3fa85f64-5717-4562-b3fc-2c963f66afa6","id":"organization-test-07971b06-ac8b-4cdb-9c15-63b17e653931","object_type":"organization","project_id":"project-test-123","source":"DIRECT","timestamp":"2026-01-01T00:00:00.000Z","organization":{"organization_id":"organization-test-07971b06-ac8b-4cdb-9c15-63b17e653931","organization_name":"Example Org"}}`,
		id:   "event-test-3fa85f64-5717-4562-b3fc-2c963f66afa6", kind: "DIRECT.organization.CREATE", subject: "organization-test-07971b06-ac8b-4cdb-9c15-63b17e653931",
		late: 5 * time.Minute, early: 5 * time.Minute,
	},
})
