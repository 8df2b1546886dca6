package provider_test

var _ = add("mongodb_atlas", []vector{
	{
		by:     byWords,
		secret: "atlas-secret",
		headers: []string{
			"X-MMS-Signature", "UBOJFwyQK0c5C0sGsz3ia75YR30=",
		},
		body: `{"id":"5a8b1f2ee4b0d2b0a1b2c3d4","groupId":"535683b3794d371327b0c1a2","alertConfigId":"535683b3794d371327b0c1a3","eventTypeName":"OUTSIDE_METRIC_THRESHOLD","status":"OPEN","created":"2026-01-01T00:00:00Z","updated":"2026-01-01T00:00:00Z","metricName":"ASSERT_REGULAR","currentValue":{"number":0.0,"units":"RAW"}}`,
		kind: "OUTSIDE_METRIC_THRESHOLD", subject: "5a8b1f2ee4b0d2b0a1b2c3d4",
	},
})
