package provider

import "time"

var _ = add(Row{
	Name:  "ms_teams",
	Title: "Microsoft Teams (outgoing webhooks)",
	Kind:  KindMessaging,
	Docs:  "https://learn.microsoft.com/en-us/microsoftteams/platform/webhooks-and-connectors/how-to/add-outgoing-webhook",
	Note:  "A message that mentions the webhook in a channel. Teams shows the answer below it, which is always “Received.”",
	Signature: &Signature{
		Algorithm:   "hmac-sha256",
		From:        []Source{"header:Authorization"},
		Prefix:      "HMAC ",
		Encoding:    "base64",
		KeyEncoding: "base64",
	},
	Event: EventRules{
		ID:          []Source{"body:id"},
		Type:        []Source{"body:type"},
		Subject:     []Source{"body:conversation.id"},
		ContentType: "application/json",
		Body:        `{"type":"message","text":"Received."}`,
	},
	Timeout:  4 * time.Second,
	Patience: 5 * time.Second,
	Secret:   "the *security token* that was shown when the webhook was made",
})
