package provider

import "time"

var _ = add(Row{
	Name:  "render",
	Title: "Render",
	Kind:  KindOperations,
	Docs:  "https://render.com/docs/webhooks",
	Note:  "An event names what has happened, and to which service: details are to be fetched with Render's API.",
	Signature: &Signature{
		Algorithm:   "hmac-sha256",
		From:        []Source{"header:webhook-signature"},
		Separator:   " ",
		Prefix:      "v1,",
		Encoding:    "base64",
		KeyEncoding: "base64",
		KeyPrefix:   "whsec_",
		Content:     "{id}.{timestamp}.{body}",
		ID:          []Source{"header:webhook-id"},
		Timestamp:   []Source{"header:webhook-timestamp"},
	},
	Event: EventRules{
		ID:      []Source{"body:data.id"},
		Type:    []Source{"body:type"},
		Subject: []Source{"body:data.serviceId"},
	},
	Timeout:  12 * time.Second,
	Patience: 15 * time.Second,
	Secret:   "the *signing secret* of the webhook, `whsec_…`",
})
