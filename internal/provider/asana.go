package provider

import "time"

var _ = add(Row{
	Name:  "asana",
	Title: "Asana",
	Kind:  KindWork,
	Docs:  "https://developers.asana.com/docs/webhooks-guide",
	Note: "Asana makes the secret itself, one for each webhook, and sends it once, while the webhook is created. So run `caddy webhook learn <receiver>` first, and create the webhook " +
		"meanwhile: otherwise Asana is refused, and creates none. One request can hold many events. It is stored as one, with the type and subject of the first. There is no id: `dedupe` can use " +
		"`{http.webhook_receiver.body_sha256}`. Every eight hours Asana sends a request without events, which is answered and not stored. Only 200 and 204 count: " +
		"a webhook whose requests are not answered so for 24 hours is deleted.",
	Verification: &Verification{
		Method:    "POST",
		Secret:    "header:X-Hook-Secret",
		Challenge: "header:X-Hook-Secret",
		Headers:   map[string]string{"X-Hook-Secret": "{challenge}"},
	},
	Signature: &Signature{
		Algorithm: "hmac-sha256",
		From:      []Source{"header:X-Hook-Signature"},
	},
	Event: EventRules{
		Type:    []Source{"{body:events.0.action}.{body:events.0.resource.resource_type}"},
		Subject: []Source{"body:events.0.resource.gid"},
		Empty:   "body:events",
	},
	Secret:   "the secret that Asana sends while the webhook is created: `caddy webhook learn` takes it",
	Timeout:  8 * time.Second,
	Patience: 10 * time.Second,
})
