package provider_test

import "time"

var _ = add("paddle", []vector{
	{
		by:     "@paddle/paddle-node-sdk 3.10.0",
		secret: "pdl_ntfset_secret",
		late:   5 * time.Minute, early: 5 * time.Minute,
		at:      newYear,
		headers: []string{"Paddle-Signature", "ts=1767225600;h1=6e63391e91e58b6cf6407255b80c20b1f1e7ffa2347381a4f9ab7d8490d10b87"},
		body:    `{"event_id":"evt_01","event_type":"transaction.completed","data":{"id":"txn_01"}}`,
		id:      "evt_01", kind: "transaction.completed", subject: "txn_01",
	},
})
