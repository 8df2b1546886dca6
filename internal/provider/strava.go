package provider

import "time"

var _ = add(Row{
	Name:  "strava",
	Title: "Strava",
	Kind:  KindSocial,
	Docs:  "https://developers.strava.com/docs/webhooks/",
	Verification: &Verification{
		Match:       map[Source]string{"query:hub.mode": "subscribe"},
		Challenge:   "query:hub.challenge",
		Token:       "query:hub.verify_token",
		ContentType: "application/json",
		Body:        `{"hub.challenge":"{challenge}"}`,
	},
	Event:    EventRules{Type: []Source{"body:object_type"}, Subject: []Source{"body:object_id"}},
	Token:    "the `verify_token` of the subscription",
	Timeout:  1800 * time.Millisecond,
	Patience: 2 * time.Second,
})
