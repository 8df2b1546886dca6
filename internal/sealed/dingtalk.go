package sealed

import (
	"encoding/json"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/rules"
)

// DingTalkReply is an answer to DingTalk.
var DingTalkReply = &rules.SealedReply{
	Message:     "success",
	ContentType: "application/json",
	Encode: func(p rules.ReplyParts) string {
		body, _ := json.Marshal(dingTalkReply(p)) // which can't fail
		return string(body)
	},
	Decode: func(body string) rules.ReplyParts {
		var p dingTalkReply
		_ = json.Unmarshal([]byte(body), &p) // else nothing is in it
		return rules.ReplyParts(p)
	},
}

type dingTalkReply struct {
	Ciphertext string `json:"encrypt"`
	Signature  string `json:"msg_signature"`
	Timestamp  string `json:"timeStamp"`
	Nonce      string `json:"nonce"`
}
