package provider

var _ = add(Row{
	Name:  "notion",
	Title: "Notion",
	Kind:  KindWork,
	Docs:  "https://developers.notion.com/reference/webhooks",
	Note: "Notion makes the secret itself, the *verification token*, and sends it when the subscription is created: run `caddy webhook learn <receiver>` first, and create the subscription meanwhile. " +
		"The command shows the token, which is then to be pasted into Notion's page. An event that is sent again has another body, as it counts the attempts, but the same id.",
	Verification: &Verification{
		Method: "POST",
		Signed: true,
		Secret: "body:verification_token",
	},
	Signature: &Signature{
		Algorithm: "hmac-sha256",
		From:      []Source{"header:X-Notion-Signature"},
		Prefix:    "sha256=",
	},
	Event: EventRules{
		ID:      []Source{"body:id"},
		Type:    []Source{"body:type"},
		Subject: []Source{"body:entity.id"},
	},
	Secret: "the *verification token* that Notion sends when the subscription is created: `caddy webhook learn` takes it",
})
