package provider

import "time"

var _ = add(Row{
	Name:  "keygen",
	Title: "Keygen",
	Kind:  KindCode,
	Docs:  "https://github.com/keygen-sh/keygen-api/blob/master/app/workers/webhook_worker.rb",
	Note: "The endpoint's signature algorithm must be `ed25519`, which is the default. " +
		"Keygen signs the URL's host and path: behind another proxy `public_url` must be the endpoint's URL. " +
		"The URL must have no port, which Keygen leaves out of what it signs. An answer 410 switches the endpoint off.",
	Signature: &Signature{
		Algorithm:       "ed25519",
		From:            []Source{"header:Keygen-Signature"},
		Separator:       ",",
		Prefix:          "signature=",
		Encoding:        "base64",
		Content:         "(request-target): post {path}\nhost: {host}\ndate: {timestamp}\ndigest: sha-256={sha256_base64}",
		Timestamp:       []Source{"header:Keygen-Date"},
		TimestampFormat: "http_date",
	},
	Event: EventRules{
		ID:   []Source{"body:data.id"},
		Type: []Source{"body:data.attributes.event"},
	},
	Timeout:  12 * time.Second,
	Patience: 15 * time.Second,
	Secret:   "the account's *Ed25519 public key*, in hexadecimal digits",
})
