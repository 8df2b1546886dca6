package provider

import "time"

var _ = add(Row{
	Name:  "wechat_pay",
	Title: "WeChat Pay (API v3)",
	Kind:  KindPayments,
	Docs:  "https://pay.weixin.qq.com/doc/global/v3/zh/4014096450",
	Note: "`resource` is stored encrypted, as it comes: decrypt it with the API v3 key. " +
		"While the platform certificate is being replaced, give a `secret` for each of the two. " +
		"WeChat Pay also sends requests with wrong signatures, to see them refused. The URL of a webhook may not have a query.",
	Signature: &Signature{
		Algorithm: "rsa-sha256",
		From:      []Source{"header:Wechatpay-Signature"},
		Encoding:  "base64",
		Content:   "{timestamp}\n{header:Wechatpay-Nonce}\n{body}\n",
		Timestamp: []Source{"header:Wechatpay-Timestamp"},
	},
	Event: EventRules{
		ID:      []Source{"body:id"},
		Type:    []Source{"body:event_type"},
		Subject: []Source{"body:resource.original_type"},
	},
	Secret: "the *platform certificate*, or the *WeChat Pay public key*, in PEM",
	// Its documents say 5 seconds, and its staff 3.
	Timeout:  2400 * time.Millisecond,
	Patience: 3 * time.Second,
})
