package provider

import (
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/event"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/rules"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/sealed"
)

var _ = add(Row{
	Name:  "wecom",
	Title: "WeCom",
	Kind:  KindMessaging,
	Docs:  "https://developer.work.weixin.qq.com/document/path/91144",
	Note: "`data` is what was encrypted: XML, as text. Only messages have an id; that of an event is made of its user, its time and its name, " +
		"as WeCom advises to tell repeats by user and time. No time is judged, so an old request is taken when it comes again: `dedupe` keeps it from being stored twice. " +
		"The answer is empty, so no reply is sent to the user. `account` is compared with whom an event is encrypted for (*ReceiveId*), which with apps for other companies is another id, and several can be named.",
	Verification: &Verification{Challenge: "query:echostr", Signed: true},
	Signature: &Signature{
		Algorithm: "sha1",
		From:      []Source{"query:msg_signature"},
		Content:   "{secret}{query:timestamp}{query:nonce}{sealed}",
		Sealed: &rules.Sealed{
			Cipher:     sealed.WeCom{},
			Envelope:   sealed.XML{},
			MediaType:  "application/xml",
			TokenSigns: true,
			Sorted:     true,
			HasAccount: true,
		},
	},
	Event: EventRules{
		ID:      []Source{"xml:MsgId", "{xml:FromUserName}-{xml:CreateTime}-{xml:Event}"},
		Type:    []Source{"{xml:MsgType}.{xml:Event}", "xml:MsgType"},
		Subject: []Source{"xml:FromUserName"},
	},
	Token:    "the *Token* of the callback",
	Secret:   "the *EncodingAESKey* of the callback, 43 letters and digits",
	Account:  "the corp id of your company",
	Accept:   event.AcceptAny,
	Timeout:  4 * time.Second,
	Patience: 5 * time.Second,
})
