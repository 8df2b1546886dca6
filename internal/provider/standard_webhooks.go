package provider

// standardWebhooks returns how Standard Webhooks are signed, in header fields whose names
// begin so. Of several, those that begin alike belong together.
func standardWebhooks(prefixes ...string) *Signature {
	s := &Signature{
		Algorithm: "hmac-sha256",
		Separator: " ",
		Prefix:    "v1,",
		Encoding:  "base64",
		Content:   "{id}.{timestamp}.{body}",
	}
	for _, prefix := range prefixes {
		header := Source("header:" + prefix)
		s.From = append(s.From, header+"-signature")
		s.ID = append(s.ID, header+"-id")
		s.Timestamp = append(s.Timestamp, header+"-timestamp")
	}
	return keyed(s, "base64", "whsec_")
}

// keyed has a signature take secrets of another form.
func keyed(s *Signature, encoding, prefix string) *Signature {
	s.KeyEncoding, s.KeyPrefix = encoding, prefix
	return s
}

var _ = add(Row{
	Name:  "standard_webhooks",
	Title: "Standard Webhooks (Svix, Clerk, Resend, OpenAI, Replicate, GitLab's signing token and others)",
	Kind:  KindAny,
	Docs:  "https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md",
	Note: "Signatures `v1`, with headers `webhook-…` or `svix-…`. Where both are there, each is checked by itself, " +
		"and the id is that of the one whose signature is right.",
	Signature: standardWebhooks("webhook", "svix"),
	Event: EventRules{
		ID:      []Source{"header:webhook-id", "header:svix-id"},
		Type:    []Source{"body:type"},
		Subject: []Source{"body:data.id"},
	},
	Secret: "the *signing secret*, `whsec_…`",
})
