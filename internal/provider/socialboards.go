package provider

import "time"

var _ = add(Row{
	// The sender stores nothing itself.
	Name:         Default,
	Title:        "Socialboards",
	Kind:         KindCustomers,
	Docs:         "https://developers.socialboards.com/docs/apis/tickets/webhooks",
	Verification: &Verification{Challenge: "query:challenge", Token: "query:verifyToken", StrictQuery: true},
	Event:        EventRules{Type: []Source{"body:EventType"}, Subject: []Source{"body:TicketId"}},
	Token:        "the field *Verify Token* of the webhook's settings",
	Timeout:      15 * time.Second,
	Patience:     20 * time.Second,
})
