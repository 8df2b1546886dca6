package provider_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/provider"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/rules"
)

// Token, key and owner of the vendor's example, DingTalkCrypto.go in
// https://github.com/open-dingtalk/DingTalk-Callback-Crypto, whose message is no JSON. What is
// encrypted here was made with Python's hashlib and cryptography.
const (
	dingTalkToken = "tokenxxxx"
	dingTalkKey   = "o1w0aum42yaptlz8alnhwikjd3jenzt9cb9wmzptgus"
	dingTalkOwner = "dingxxxxxx"
	dingTalkQuery = "timestamp=1605695694141&nonce=WelUQl6bCqcBa2fM"
	dingTalkCheck = `{"encrypt":"EDAobJhJIESfKdOPQ6HnUjmB12BZ2CacLrt16yl0t5xcjnBpe1jW54tNRiCzguecqyLKEOYTOCjPKEHwwYC4Xg=="}`
)

var _ = add("dingtalk", []vector{{
	by:     byWords,
	secret: dingTalkKey, token: dingTalkToken, account: dingTalkOwner,
	target: "/webhooks?msg_signature=f25792cc076c149d969d891da51ab0f7a73f0968&" + dingTalkQuery,
	body:   `{"encrypt":"wGTO3drHY2U1sj69yIbHuTK25icC+6mvGaAx13Pxrqn+WvxW8ScK2G6aG6pgT/BybAspwK3c+vhehmYhFsBlgw=="}`,
	kind:   "user_add_org", answer: "success", answerType: "application/json",
}, {
	by:     byWords + ", the other names",
	secret: dingTalkKey, token: dingTalkToken, account: dingTalkOwner,
	target: "/webhooks?signature=3c90dec72198d65092ad06dee2f5a2badea5b99a&timeStamp=1783610513&nonce=123456",
	body:   `{"encrypt":"LB3Sj+gFK0zgVuP1arGRmdd6B1ZMf5HgC9m929HIV007rT2clmyQuRFox/L8zMq7CJpqeJBLm98Kv0rJvE41RA=="}`,
	kind:   "user_add_org", answer: "success", answerType: "application/json",
}})

// TestDingTalkExample opens the vendor's example.
func TestDingTalkExample(t *testing.T) {
	const example = `{"msg_signature":"f36f4ba5337d426c7d4bca0dbcb06b3ddc1388fc","timeStamp":"1605695694141","nonce":"WelUQl6bCqcBa2fM",` +
		`"encrypt":"X1VSe9cTJUMZu60d3kyLYTrBq5578ZRJtteU94wG0Q4Uk6E/wQYeJRIC0/UFW5Wkya1Ihz9oXAdLlyC9TRaqsQ=="}`
	keys := rules.Keys{Secrets: []string{dingTalkKey}, Tokens: []string{dingTalkToken}, Accounts: []string{dingTalkOwner}}
	if message := openReply(keys, example); message != "success" {
		t.Errorf("it says %q", message)
	}
}

// openReply returns what is encrypted in an answer to DingTalk, as DingTalk would open it, or
// nothing if it would not.
func openReply(keys rules.Keys, body string) string {
	p, err := provider.Named("dingtalk")
	if err != nil {
		return ""
	}
	v, err := rules.NewOpener(*p.Signature, keys, rules.PublicURL{})
	if err != nil {
		return ""
	}
	answer := map[string]string{}
	if err := json.Unmarshal([]byte(body), &answer); err != nil {
		return ""
	}
	query := url.Values{"msg_signature": {answer["msg_signature"]}, "timestamp": {answer["timeStamp"]}, "nonce": {answer["nonce"]}}
	r, _ := http.NewRequest(http.MethodPost, "/?"+query.Encode(), nil)
	message, err := v.OpenData(&rules.Request{Request: r, Sent: r.URL, Decoded: []byte(body)}, nil, nil, noLimit{})
	if err != nil {
		return ""
	}
	return string(message)
}

// TestDingTalkAnswers: repeats are answered as events are, and by the token and the account
// that they come with.
func TestDingTalkAnswers(t *testing.T) {
	rc := newReceiver(t, "provider dingtalk\nverify_token other "+dingTalkToken+"\nsecret "+strings.Repeat("A", 43)+" "+dingTalkKey+
		"\naccount dingother "+dingTalkOwner+"\ndedupe 1h {http.webhook_receiver.body_sha256}")
	keys := rules.Keys{Secrets: []string{dingTalkKey}, Tokens: []string{dingTalkToken}, Accounts: []string{dingTalkOwner}}
	p, _ := provider.Named("dingtalk")
	v, _ := attacked(p)
	for range 2 {
		resp, body := rc.send(t, v.delivery())
		if message := openReply(keys, body); resp.StatusCode != http.StatusOK || message != "success" {
			t.Errorf("answer %d %q, which says %q: %s", resp.StatusCode, body, message, rc.reasons)
		}
	}
	if n := len(rc.events()); n != 1 {
		t.Errorf("%d events stored", n)
	}
}

var _ = verifies("dingtalk", []handshake{
	{dingTalkKey, post("msg_signature=ec545b34c29b4ad45ba1cce39b5b7cf09e42d31c&"+dingTalkQuery, dingTalkCheck), 200, "success", []string{"Content-Type", "application/json"}},
	{dingTalkKey, post("msg_signature=ec545b34c29b4ad45ba1cce39b5b7cf09e42d31c&"+dingTalkQuery, dingTalkCheck, "Content-Type", "application/x-www-form-urlencoded"), 200, "success", nil},
	{dingTalkKey, post("msg_signature=ec545b34c29b4ad45ba1cce39b5b7cf09e42d310&"+dingTalkQuery, dingTalkCheck), 401, "", nil},
	{dingTalkKey, post(dingTalkQuery, dingTalkCheck), 401, "", nil},
	{dingTalkKey, post("msg_signature=ec545b34c29b4ad45ba1cce39b5b7cf09e42d31c&"+dingTalkQuery, `{"EventType":"check_url"}`), 401, "", nil},
	{dingTalkKey, post("msg_signature=2c7394be3883a9c60f91bda5361a7d62341518b8&"+dingTalkQuery, `{"encrypt":"dVlxerIWUYVOKcd+exGzNykpAuM7+qQZ/h2XWjRMFqLc+skKzCDp5o9jX76RQzeNeRuBZeSqX0Z8rGiM6vE5+A=="}`), 401, "", nil},
	{"jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C", post("msg_signature=ec545b34c29b4ad45ba1cce39b5b7cf09e42d31c&"+dingTalkQuery, dingTalkCheck), 401, "", nil},
	{dingTalkKey, get("msg_signature=ec545b34c29b4ad45ba1cce39b5b7cf09e42d31c&" + dingTalkQuery), 405, "", nil},
})
