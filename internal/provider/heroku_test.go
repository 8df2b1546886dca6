package provider_test

var _ = add("heroku", []vector{
	{
		by:     byWords,
		secret: "475beb0bf7de962fb89878a767c22f7de22154dae1e6996b6b33299e7a0f",
		headers: []string{
			"Heroku-Webhook-Hmac-SHA256", "6WyiBzjk59GPvtm9UTncTfa8ut+QOP9w9onI+wWEPe4=",
		},
		body: `{"action":"update","actor":{"email":"user-0436@example.com","id":"096370c8-f3ad-4e20-a309-fb4f06ec0a89"},"created_at":"2016-10-26T22:50:14Z","id":"d472a8bb-1a3c-4f78-aad1-995e6d0022ec","data":{"id":"d4714cc8-aa56-4314-817c-0c6a66ff3d41","name":"sample-app-0301"},"previous_data":{},"resource":"app","version":"application/vnd.heroku+json; version=3","webhook_metadata":{"attempt":{"id":"8a44f820-2354-489d-9a11-a793cbf49979"},"delivery":{"id":"d244009a-670f-4340-88e9-789a4f9002d5"},"event":{"id":"d472a8bb-1a3c-4f78-aad1-995e6d0022ec","include":"api:app"},"webhook":{"id":"b54e6a7e-d162-4bd7-ab42-1011582c19cc"}}}`,
		id:   "d472a8bb-1a3c-4f78-aad1-995e6d0022ec", kind: "api:app.update", subject: "d4714cc8-aa56-4314-817c-0c6a66ff3d41",
	},
})
