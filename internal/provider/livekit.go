package provider

var _ = add(Row{
	Name:  "livekit",
	Title: "LiveKit",
	Kind:  KindMessaging,
	Docs:  "https://github.com/livekit/protocol/tree/main/webhook",
	Note:  "LiveKit repeats an event for a few seconds only, and drops what has waited for 30.",
	Signature: &Signature{
		Algorithm: "jwt-hs256",
		From:      []Source{"header:Authorization"},
		Claims:    map[string]string{"sha256": "{sha256_base64}"},
	},
	Event: EventRules{
		ID:      []Source{"body:id"},
		Type:    []Source{"body:event"},
		Subject: []Source{"body:room.name", "body:egressInfo.egressId", "body:ingressInfo.ingressId"},
	},
	Secret: "the *API secret* of the API key that the webhook is signed with",
})
