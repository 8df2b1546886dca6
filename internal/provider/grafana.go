package provider

import "time"

var _ = add(Row{
	Name:  "grafana",
	Title: "Grafana Alerting",
	Kind:  KindOperations,
	Docs:  "https://grafana.com/docs/grafana/latest/alerting/configure-notifications/manage-contact-points/integrations/webhook-notifier/",
	Note: "In the contact point's *HMAC signature* leave *header* and *timestamp header* empty, and let the method be POST. Several alerts come as one event, the group of which is the subject. " +
		"Events have no id. With a custom payload that is not JSON set `accept any`.",
	Signature: &Signature{Algorithm: "hmac-sha256", From: []Source{"header:X-Grafana-Alerting-Signature"}},
	Event:     EventRules{Type: []Source{"body:status"}, Subject: []Source{"body:groupKey"}},
	Secret:    "the *secret* of the contact point's HMAC signature",
	Timeout:   24 * time.Second,
	Patience:  30 * time.Second,
})
