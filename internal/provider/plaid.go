package provider

import (
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/keys"
)

var _ = add(Row{
	Name:  "plaid",
	Title: "Plaid",
	Kind:  KindFinance,
	Docs:  "https://plaid.com/docs/api/webhooks/webhook-verification/",
	Note: "The key is fetched from `production.plaid.com`, or from `sandbox.plaid.com` where the secret begins with `sandbox:`. It is Plaid's: events of other " +
		"customers are signed with it as well, so look whether you know the `item_id`. Events have no id: `dedupe` can use the body's hash, " +
		"`{http.webhook_receiver.body_sha256}`.",
	Signature: &Signature{
		Algorithm: "jwt-es256",
		From:      []Source{"header:Plaid-Verification"},
		Claims:    map[string]string{"request_body_sha256": "{sha256}"},
		Timestamp: []Source{"claim:iat"},
		SharedKey: true,
	},
	Event:    EventRules{Type: []Source{"{body:webhook_type}.{body:webhook_code}"}, Subject: []Source{"body:item_id"}},
	Secret:   "`client_id` and secret of the API, as `client_id:secret`",
	Keys:     keys.Plaid,
	Timeout:  8 * time.Second,
	Patience: 10 * time.Second,
})
