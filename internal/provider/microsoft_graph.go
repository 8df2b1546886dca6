package provider

import "time"

var _ = add(Row{
	// An answer is better there in 3 seconds.
	Name:  "microsoft_graph",
	Title: "Microsoft Graph (also OneDrive, SharePoint, Outlook, Teams)",
	Kind:  KindWork,
	Docs:  "https://learn.microsoft.com/en-us/graph/change-notifications-delivery-webhooks",
	Note:  "Every element of `value` must have the `clientState`, or the request is refused.",
	Verification: &Verification{
		Method:    "POST",
		Challenge: "query:validationToken",
	},
	Signature: &Signature{Algorithm: "token", From: []Source{"body:value.*.clientState"}},
	Event:     EventRules{Type: []Source{"body:value.0.changeType", "body:value.0.lifecycleEvent"}, Subject: []Source{"body:value.0.resource"}, Status: 202},
	Secret:    "the `clientState` of the subscription",
	Timeout:   8 * time.Second,
	Patience:  10 * time.Second,
})
