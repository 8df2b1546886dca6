package provider_test

var _ = add("sinch_numbers", []vector{
	{
		by:     "@sinch/sdk-client 1.5.0",
		secret: "callback-secret",
		headers: []string{
			"X-Sinch-Signature", "0f5c6b28ccfea01f87656efa674c3b5099742a56",
		},
		body: `{"eventId":"abcd1234efghijklmnop567890","timestamp":"2023-06-06T07:45:27.785357","projectId":"abcd12ef-ab12-ab12-bc34-abcdef123456","resourceId":"+12345612345","resourceType":"ACTIVE_NUMBER","eventType":"PROVISIONING_TO_CAMPAIGN","status":"FAILED","failureCode":"CAMPAIGN_NOT_AVAILABLE"}`,
		id:   "abcd1234efghijklmnop567890", kind: "PROVISIONING_TO_CAMPAIGN", subject: "+12345612345",
	},
})
