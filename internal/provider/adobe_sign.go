package provider

import "time"

var _ = add(Row{
	Name:  "adobe_sign",
	Title: "Adobe Acrobat Sign",
	Kind:  KindIdentity,
	Docs:  "https://helpx.adobe.com/sign/developer/webhooks/overview.html",
	Note:  "The client id goes with every request; whoever knows it can send events.",
	Verification: &Verification{
		Signed:    true,
		Challenge: "header:X-AdobeSign-ClientId",
		Headers:   map[string]string{"X-AdobeSign-ClientId": "{challenge}"},
	},
	Signature: &Signature{Algorithm: "token", From: []Source{"header:X-AdobeSign-ClientId"}},
	Event: EventRules{
		ID:      []Source{"body:webhookNotificationId"},
		Type:    []Source{"body:event"},
		Subject: []Source{"body:agreement.id"},
		Echo:    "X-AdobeSign-ClientId",
	},
	Secret:      "the client id of the application that made the webhook",
	MaxBodySize: 10 << 20,
	Timeout:     4 * time.Second,
})
