package provider_test

var _ = add("grafana", []vector{
	{
		by:     byWords,
		secret: "grafana-hmac-secret",
		headers: []string{
			"X-Grafana-Alerting-Signature", "c2b05c147664ade5382e77710360f5e111247919ebc593617463158f80fcbc97",
		},
		body:    `{"receiver":"My Super Webhook","status":"firing","orgId":1,"alerts":[{"status":"firing","labels":{"alertname":"High memory usage","team":"blue"},"annotations":{"summary":"The system has high memory usage"},"startsAt":"2026-01-01T00:00:00Z","endsAt":"0001-01-01T00:00:00Z","generatorURL":"https://play.grafana.org/alerting/1afz29v7z/edit","fingerprint":"c6eadffa33fcdf37"}],"groupLabels":{"alertname":"High memory usage"},"commonLabels":{"alertname":"High memory usage"},"commonAnnotations":{},"externalURL":"https://play.grafana.org/","version":"1","groupKey":"{}:{alertname=\"High memory usage\"}","truncatedAlerts":0,"title":"[FIRING:1]","state":"alerting","message":"**Firing**"}`,
		kind:    "firing",
		subject: "{}:{alertname=\"High memory usage\"}",
	},
})
