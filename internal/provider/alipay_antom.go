package provider

import (
	"time"

	"github.com/caddyserver/caddy/v2"
)

var _ = add(Row{
	Name:  "alipay_antom",
	Title: "Antom (Alipay)",
	Kind:  KindPayments,
	Docs:  "https://docs.antom.com/ac/ams/paymentrn_online",
	Note: "Signs path and query of the URL: a proxy in front must not alter them. " +
		"`account` must name your client id, so that nothing that is meant for others is taken. " +
		"Each event is answered as accepted. " +
		"Events carry no id of their own; `dedupe` can use `{http.webhook_receiver.body_sha256}`.",
	Signature: &Signature{
		Algorithm:       "rsa-sha256",
		From:            []Source{"header:Signature"},
		Separator:       ",",
		Prefix:          "signature=",
		Encoding:        "base64",
		Content:         "{method} {path}\n{header:Client-Id}.{timestamp}.{body}",
		Timestamp:       []Source{"header:Request-Time"},
		TimestampFormat: "rfc3339",
		// Neither documents nor library (global-open-sdk-java) check it, or say
		// whether a repeat has a time of its own.
		Tolerance: caddy.Duration(48 * time.Hour),
		SharedKey: true,
		Account:   "header:Client-Id",
	},
	Event: EventRules{
		Type:        []Source{"body:notifyType", "body:authorizationNotifyType", "body:disputeNotificationType"},
		Subject:     []Source{"body:paymentId"},
		ContentType: "application/json",
		Body:        `{"result":{"resultCode":"SUCCESS","resultStatus":"S","resultMessage":"success"}}`,
	},
	Secret:  "the *Antom public key* of the client id",
	Account: "the client id",
})
