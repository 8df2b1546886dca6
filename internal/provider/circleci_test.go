package provider_test

var _ = add("circleci", []vector{
	{
		by:      byDocuments,
		secret:  "secret",
		headers: []string{"circleci-signature", "v1=734cc62f32841568f45715aeb9f4d7891324e6d948e4c6c60c0621cdac48623a"},
		body:    "hello world",
	},
	{
		by:      byDocuments,
		secret:  "another-secret",
		headers: []string{"circleci-signature", "v1=daa220016c8f29a8b214fbfc3671aeec2145cfb1e6790184ffb38b6d0425fa00"},
		body:    "lalala",
	},
	{
		by:      byDocuments,
		secret:  "hunter123",
		headers: []string{"circleci-signature", "v1=9be2242094a9a8c00c64306f382a7f9d691de910b4a266f67bd314ef18ac49fa"},
		body:    "an-important-request-payload",
	},
	{
		by:     byWords,
		secret: "circle-secret",
		headers: []string{
			"circleci-event-type", "workflow-completed",
			"circleci-signature", "v1=6325e901bc34fa3e9b66404ac296a00b2e831f7a6f24da4a3dece29cae331e78",
		},
		body: `{"id":"3888f21b-eaa7-38e3-8f3d-75a63bba8895","type":"workflow-completed","happened_at":"2026-01-01T00:00:00.000Z","webhook":{"id":"cf8c4fdd-0587-4da1-b4ca-4846e9640af9","name":"Sample Webhook"},"project":{"id":"84996744-a854-4f5e-aea3-04e2851dc1d2","name":"webhook-service","slug":"github/circleci/webhook-service"},"organization":{"id":"f22b6566-597d-46d5-ba74-99ef5bb3d85c","name":"circleci"},"workflow":{"id":"fda08377-fe7e-46b1-8992-3a7aaecac9c3","name":"build-test-deploy","status":"success"}}`,
		id:   "3888f21b-eaa7-38e3-8f3d-75a63bba8895", kind: "workflow-completed", subject: "github/circleci/webhook-service",
	},
	{
		by:     "the same, with a signature to come",
		secret: "circle-secret",
		headers: []string{
			"circleci-event-type", "workflow-completed",
			"circleci-signature", "v1=6325e901bc34fa3e9b66404ac296a00b2e831f7a6f24da4a3dece29cae331e78,v2=0000000000000000000000000000000000000000000000000000000000000000",
		},
		body: `{"id":"3888f21b-eaa7-38e3-8f3d-75a63bba8895","type":"workflow-completed","happened_at":"2026-01-01T00:00:00.000Z","webhook":{"id":"cf8c4fdd-0587-4da1-b4ca-4846e9640af9","name":"Sample Webhook"},"project":{"id":"84996744-a854-4f5e-aea3-04e2851dc1d2","name":"webhook-service","slug":"github/circleci/webhook-service"},"organization":{"id":"f22b6566-597d-46d5-ba74-99ef5bb3d85c","name":"circleci"},"workflow":{"id":"fda08377-fe7e-46b1-8992-3a7aaecac9c3","name":"build-test-deploy","status":"success"}}`,
		id:   "3888f21b-eaa7-38e3-8f3d-75a63bba8895", kind: "workflow-completed", subject: "github/circleci/webhook-service",
	},
})
