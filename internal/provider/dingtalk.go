package provider

import (
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/rules"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/sealed"
)

var _ = add(Row{
	Name:  "dingtalk",
	Title: "DingTalk",
	Kind:  KindMessaging,
	Docs:  "https://github.com/open-dingtalk/DingTalk-Callback-Crypto",
	Note: "This is the event subscription by HTTP, and neither the Stream mode nor robots. `data` is what was encrypted. " +
		"The answer is encrypted and signed, too. The time of an event is signed, and its unit varies, so it is not judged. " +
		"Events have no id that is documented: `dedupe` needs a key of fields that tell yours apart. The hash of the body is no such key: it is that of what is encrypted, which may be another each time.",
	Verification: &Verification{
		Method: "POST",
		Match:  map[Source]string{"body:EventType": "check_url"},
		Signed: true,
	},
	Signature: &Signature{
		Algorithm: "sha1",
		From:      []Source{"query:msg_signature", "query:signature"},
		Content:   "{secret}{?{query:timestamp}?}{?{query:timeStamp}?}{query:nonce}{sealed}",
		Sealed: &rules.Sealed{
			Cipher:     sealed.WeCom{},
			Envelope:   sealed.JSON{},
			TokenSigns: true,
			Sorted:     true,
			HasAccount: true,
			Reply:      sealed.DingTalkReply,
		},
	},
	Event:    EventRules{Type: []Source{"body:EventType"}},
	Token:    "the *token* of the event subscription",
	Secret:   "the *AES key* of the event subscription, 43 letters and digits",
	Account:  "the CorpId of your company, or the SuiteKey of an app for other companies",
	Timeout:  1200 * time.Millisecond,
	Patience: 1500 * time.Millisecond,
})
