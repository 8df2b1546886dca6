package provider

import "time"

var _ = add(Row{
	Name:  "sonarqube",
	Title: "SonarQube",
	Kind:  KindCode,
	Docs:  "https://docs.sonarsource.com/sonarqube-server/latest/project-administration/webhooks/",
	Note: "Give the webhook a secret: without one SonarQube does not sign. " +
		"The type is the status of the quality gate, as `OK` or `ERROR`, or that of the analysis, where there is none. SonarQube repeats nothing.",
	Signature: &Signature{Algorithm: "hmac-sha256", From: []Source{"header:X-Sonar-Webhook-HMAC-SHA256"}},
	Event: EventRules{
		ID:      []Source{"body:taskId"},
		Type:    []Source{"body:qualityGate.status", "body:status"},
		Subject: []Source{"body:project.key"},
	},
	Secret:   "the *secret* of the webhook",
	Timeout:  8 * time.Second,
	Patience: 10 * time.Second,
})
