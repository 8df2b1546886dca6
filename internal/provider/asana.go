package provider

import "time"

var _ = add(Row{
	Name:  "asana",
	Title: "Asana",
	Kind:  KindWork,
	Docs:  "https://developers.asana.com/docs/webhooks-guide",
	Note: "Asana makes the secret itself, one for each webhook, and sends it once, while the webhook is created: run `caddy webhook learn <receiver>` first, and create the webhook " +
		"meanwhile; else Asana is refused, and creates none. One request holds up to many events, and is stored as one, of the type and subject of the first; `dedupe` can use " +
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
	Secret:   "the secret that Asana has sent while the webhook was created, which is mostly learnt",
	Timeout:  8 * time.Second,
	Patience: 10 * time.Second,
})
