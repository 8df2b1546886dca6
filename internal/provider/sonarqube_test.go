package provider_test

var _ = add("sonarqube", []vector{
	{
		by:     byWords,
		secret: "sonar-secret-of-16",
		headers: []string{
			"X-Sonar-Webhook-HMAC-SHA256", "326b50f8230523415b83b2a314745803797296b655d6fde08167768b35c96bbe",
			"X-SonarQube-Project", "org.example:app",
		},
		body: `{"serverUrl":"https://sonar.example.com","taskId":"AVh21JS2JepAEhwQ-b3u","status":"SUCCESS","analysedAt":"2026-01-01T00:00:00+0100","changedAt":"2026-01-01T00:00:00+0100","project":{"key":"org.example:app","name":"App","url":"https://sonar.example.com/dashboard?id=app"},"branch":{"name":"main","type":"BRANCH","isMain":true},"qualityGate":{"name":"Sonar way","status":"OK","conditions":[]},"properties":{}}`,
		id:   "AVh21JS2JepAEhwQ-b3u", kind: "OK", subject: "org.example:app",
	},
	{
		by:     byWords,
		secret: "sonar-secret-of-16",
		headers: []string{
			"X-Sonar-Webhook-HMAC-SHA256", "f5f10735c26e7cfda45c2deef9f11a861104620be266c8e33cff15218d6ac0e8",
			"X-SonarQube-Project", "org.example:app",
		},
		body: `{"serverUrl":"https://sonar.example.com","taskId":"AVh21JS2JepAEhwQ-b3v","status":"FAILED","changedAt":"2026-01-01T00:00:00+0100","project":{"key":"org.example:app","name":"App","url":"https://sonar.example.com/dashboard?id=app"},"properties":{}}`,
		id:   "AVh21JS2JepAEhwQ-b3v", kind: "FAILED", subject: "org.example:app",
	},
})
