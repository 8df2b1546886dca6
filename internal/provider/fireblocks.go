package provider

var _ = add(Row{
	Name:  "fireblocks",
	Title: "Fireblocks webhooks v2",
	Kind:  KindFinance,
	Docs:  "https://developers.fireblocks.com/reference/validating-webhooks",
	Note: "Fireblocks signs the events of all its customers with the same keys, so `account` must name your workspace. " +
		"The keys are at `https://keys.fireblocks.io/.well-known/jwks.json` for the US; other regions and the sandbox have their own. " +
		"Each JSON Web Key of the set is a secret. When Fireblocks changes keys, events are refused until the new one is given, " +
		"and what was refused comes again only if you resend it, in Fireblocks' console or by its API. " +
		"The older header `Fireblocks-Signature` is not used.",
	Signature: &Signature{
		Algorithm: "jws-rs512",
		From:      []Source{"header:Fireblocks-Webhook-Signature"},
		SharedKey: true,
		Account:   "body:workspaceId",
	},
	Event:   EventRules{ID: []Source{"body:id"}, Type: []Source{"body:eventType"}, Subject: []Source{"body:resourceId"}},
	Secret:  "the *public key* of the region, a JSON Web Key or in PEM",
	Account: "the id of the workspace",
})
