package provider_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/provider"
)

// The example of the documents, as it is in https://github.com/sbzhu/weworkapi_golang, sample.go.
const (
	weComToken = "QDG6eK"
	weComKey   = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
	weComCorp  = "wx5823bf96d3bd56c7"
	weComQuery = "timestamp=1409659813&nonce=1372623149"
	weComEcho  = "timestamp=1409659589&nonce=263014780"
)

var _ = add("wecom", []vector{{
	by:     byDocuments,
	secret: weComKey, token: weComToken, account: weComCorp,
	target:  "/webhooks?msg_signature=477715d11cdb4164915debcba66cb864d751f3e6&" + weComQuery,
	headers: []string{"Content-Type", "text/xml; charset=utf-8"},
	body:    `<xml><ToUserName><![CDATA[wx5823bf96d3bd56c7]]></ToUserName><Encrypt><![CDATA[RypEvHKD8QQKFhvQ6QleEB4J58tiPdvo+rtK1I9qca6aM/wvqnLSV5zEPeusUiX5L5X/0lWfrf0QADHHhGd3QczcdCUpj911L3vg3W/sYYvuJTs3TUUkSUXxaccAS0qhxchrRYt66wiSpGLYL42aM6A8dTT+6k4aSknmPj48kzJs8qLjvd4Xgpue06DOdnLxAUHzM6+kDZ+HMZfJYuR+LtwGc2hgf5gsijff0ekUNXZiqATP7PF5mZxZ3Izoun1s4zG4LUMnvw2r+KqCKIw+3IQH03v+BCA9nMELNqbSf6tiWSrXJB3LAVGUcallcrw8V2t9EL4EhzJWrQUax5wLVMNS0+rUPA3k22Ncx4XXZS9o0MBH27Bo6BpNelZpS+/uh9KsNlY6bHCmJU9p8g7m3fVKn28H3KDYA5Pl/T8Z1ptDAVe0lXdQ2YoyyH2uyPIGHBZZIs2pDBS8R07+qN+E7Q==]]></Encrypt><AgentID><![CDATA[218]]></AgentID></xml>`,
	id:      "4561255354251345929", kind: "text", subject: "mycreate", dataType: "application/xml",
}, {
	// Made with Python's hashlib and cryptography.
	by:     byWords,
	secret: weComKey, token: weComToken, account: weComCorp,
	target: "/webhooks?msg_signature=b413c05cf999f31e477a4895e07a680d0db62ee0&timestamp=1409659813&nonce=1372623150",
	body:   "<xml><AgentID>218</AgentID>\n<Encrypt>cNHJIq6e488t6TsyKFtvAJJHdZHqO+yoZ2pPJ/qLycHRnfutnxdDV29TrUZyef5an/jH8EhvWpuKQe0wWmXIM4iNu7WbyZZznbZh9RulMuTAtJtzJgj58Be3XH3vtW8sDinKMmZehu6K0zH1fwemwZHsllqvHsi/xd/iqudHsK9+L5j3Dta7dG4GUt9UHM5Xnp7PhYAKdFC2Uyqioyfoll0QNGj3jRZInrZ4xf93dXAf3z7zycbMwhdhD9QeU4GK2qqFY4sPiRm5N8fdHANW4wtA3CBMOQus+6dsXfOCMGnxcQoSI8rw/ZPhTru/WYSjsawVEY41PHjtmFB0zCVQz6mjX3tSHhQ472YcylVdY0rzdqa28rXwR+XzpOq+B5u4aNMA4lY3uNqu/hhgzSVtIhXNlb2E3seQmgf9/1dyV9o=</Encrypt></xml>",
	id:     "mycreate-1409659813-enter_agent", kind: "event.enter_agent", subject: "mycreate", dataType: "application/xml",
}})

var weComPlain = []string{"Content-Type", "text/plain; charset=utf-8"}

var _ = verifies("wecom", []handshake{
	{weComKey, get("msg_signature=5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd3&" + weComEcho + "&echostr=P9nAzCzyDtyTWESHep1vC5X9xho%2FqYX3Zpb4yKa9SKld1DsH3Iyt3tP3zNdtp%2B4RPcs8TgAE7OaBO%2BFZXvnaqQ%3D%3D"), 200, "1616140317555161061", weComPlain},
	{weComKey, get("msg_signature=5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd3&" + weComEcho + "&echostr=P9nAzCzyDtyTWESHep1vC5X9xho/qYX3Zpb4yKa9SKld1DsH3Iyt3tP3zNdtp+4RPcs8TgAE7OaBO+FZXvnaqQ=="), 200, "1616140317555161061", weComPlain},
	{weComKey, requestOf("HEAD", "/?msg_signature=5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd3&"+weComEcho+"&echostr=P9nAzCzyDtyTWESHep1vC5X9xho%2FqYX3Zpb4yKa9SKld1DsH3Iyt3tP3zNdtp%2B4RPcs8TgAE7OaBO%2BFZXvnaqQ%3D%3D", ""), 200, "", weComPlain},
	{weComKey, get("msg_signature=5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd4&" + weComEcho + "&echostr=P9nAzCzyDtyTWESHep1vC5X9xho%2FqYX3Zpb4yKa9SKld1DsH3Iyt3tP3zNdtp%2B4RPcs8TgAE7OaBO%2BFZXvnaqQ%3D%3D"), 401, "", nil},
	{weComKey, get(weComEcho + "&echostr=P9nAzCzyDtyTWESHep1vC5X9xho%2FqYX3Zpb4yKa9SKld1DsH3Iyt3tP3zNdtp%2B4RPcs8TgAE7OaBO%2BFZXvnaqQ%3D%3D"), 401, "", nil},
	{weComKey, get("msg_signature=5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd3&" + weComEcho + "&echostr=A9nAzCzyDtyTWESHep1vC5X9xho%2FqYX3Zpb4yKa9SKld1DsH3Iyt3tP3zNdtp%2B4RPcs8TgAE7OaBO%2BFZXvnaqQ%3D%3D"), 401, "", nil},
	{weComKey, get("msg_signature=a0d846f476041aa4f71dbd0a259e9af1f1d43961&" + weComEcho + "&echostr=dB3Dul4eiFsmybLXGN0skjZ%2BAfFhR%2FnaoLacSO2DW0oTz18siJFkkNJRHflNsLClBmsz5kw7H3ypVejSlH9ZVg%3D%3D"), 401, "", nil},
	{weComKey, get("msg_signature=5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd3&" + weComEcho), 400, "", nil},
	// An event, sent as a challenge.
	{weComKey, get("msg_signature=2f22ee595cffcf1734fca6bb09b3c44a7c358057&" + weComEcho + "&echostr=uNEQyP%2F8MQhsb6qiGJ%2B%2Bb4ZFlDpBnh0sJM%2FtaSNwSNOyhH%2Bri0Xkg%2BZPlffTQD%2FzV6Dg2RocT36Lr%2BV8RKeV4IHbrRnW6WmDNLcfmV75oTof4mtaYxLvES57nSRoaGjM"), 401, "", nil},
	{dingTalkKey, get("msg_signature=5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd3&" + weComEcho + "&echostr=P9nAzCzyDtyTWESHep1vC5X9xho%2FqYX3Zpb4yKa9SKld1DsH3Iyt3tP3zNdtp%2B4RPcs8TgAE7OaBO%2BFZXvnaqQ%3D%3D"), 401, "", nil},
})

// TestWeComRepeats: an event that comes again is answered with nothing, too.
func TestWeComRepeats(t *testing.T) {
	rc := newReceiver(t, "provider wecom\nverify_token other "+weComToken+"\nsecret "+dingTalkKey+" "+weComKey+"\naccount other "+weComCorp+"\ndedupe 1h")
	p, _ := provider.Named("wecom")
	v, _ := attacked(p)
	for range 2 {
		if resp, body := rc.send(t, v.delivery()); resp.StatusCode != http.StatusOK || body != "" {
			t.Errorf("answer %d %q: %s", resp.StatusCode, body, rc.reasons)
		}
	}
	if n := len(rc.events()); n != 1 {
		t.Errorf("%d events stored", n)
	}
}

// TestWeComDecrypts: what is signed and does not decrypt is refused, for every cause alike.
func TestWeComDecrypts(t *testing.T) {
	rc := newReceiver(t, "provider wecom\nverify_token "+weComToken+"\nsecret "+weComKey+"\naccount "+weComCorp)
	for name, test := range map[string][2]string{
		"padding of 0":        {"1187fd25c65b4430735bb47e1f0fcc055a863959", "PzGmUgWk50kxC6Ee1E5YxzjMkTXAf+Mi9/YAXGGRZ8GBaG9+0aG7XU3j+DJnABLI"},
		"padding of 33":       {"9c927e389f3ffc7f8b60dc22dd9b6a061459698a", "PzGmUgWk50kxC6Ee1E5Yx2d+1aQDd7ZeT6jCSEp36k/TuntkYhsOfUrMr2BP5EveFLr3TLOeyyrgfNf+b0Fd3w=="},
		"uneven padding":      {"d9adb79e3d267b56cd61940482df4e45f8f9aedc", "PzGmUgWk50kxC6Ee1E5YxzjMkTXAf+Mi9/YAXGGRZ8HMof+0018rmpGlNs+1fMJEqjgv55RGixR8Zmm8dLeIzQ=="},
		"too long a length":   {"31f3f14f74fc3603e29a3396544a0064bfacb50d", "PzGmUgWk50kxC6Ee1E5Yxx8+ktPXPN50b4VHJFXyBw/4eOEZyF1DQs3fAFzH3e7mGXW0V3dCHKaboMQee9ypOA=="},
		"too short":           {"da9f82cef9de5f1832fdf6e9a9e8c462b6c2eb99", "Zso4JX6N1o3uwUYirfuQKQuJQ4a51m/QiZW+6hWtUsY="},
		"cut":                 {"a4f48368d04b0e2f642fd8b5a330ad13496948f7", "cNHJIq6e488t6TsyKFtvAJJHdZHqO+yoZ2pPJ/qLycHRnfutnxdDV29TrUZyef5an/jH8EhvWpuKQe0wWmXIM4iNu7WbyZZznbZh9RulMuTAtJtzJgj58Be3XH3vtW8sDinKMmZehu6K0zH1fwemwZHsllqvHsi/xd/iqudHsK9+L5j3Dta7dG4GUt9UHM5Xnp7PhYAKdFC2Uyqioyfoll0QNGj3jRZInrZ4xf93dXAf3z7zycbMwhdhD9QeU4GK2qqFY4sPiRm5N8fdHANW4wtA3CBMOQus+6dsXfOCMGnxcQoSI8rw/ZPhTru/WYSjsawVEY41PHjtmFB0zCVQz6mjX3tSHhQ472YcylVdY0rzdqa28rXwR+XzpOq+B5u4aNMA4lY3uNqu/hhgzSVtIhXNlb2E3seQmgf9"},
		"cut by a block":      {"6d400cd2466a77a79675b5b6902d99e2d5a404ca", "cNHJIq6e488t6TsyKFtvAJJHdZHqO+yoZ2pPJ/qLycHRnfutnxdDV29TrUZyef5an/jH8EhvWpuKQe0wWmXIM4iNu7WbyZZznbZh9RulMuTAtJtzJgj58Be3XH3vtW8sDinKMmZehu6K0zH1fwemwZHsllqvHsi/xd/iqudHsK9+L5j3Dta7dG4GUt9UHM5Xnp7PhYAKdFC2Uyqioyfoll0QNGj3jRZInrZ4xf93dXAf3z7zycbMwhdhD9QeU4GK2qqFY4sPiRm5N8fdHANW4wtA3CBMOQus+6dsXfOCMGnxcQoSI8rw/ZPhTru/WYSjsawVEY41PHjtmFB0zCVQz6mjX3tSHhQ472YcylVdY0rzdqa28rXwR+XzpOq+B5u4aNMA4lY3uNqu/hhgzSVtIg=="},
		"nothing but padding": {"826dcafe6951e07f97bd713547e5f2d5d0e1e2c7", "S/m2zVyYxCq6EHtPNkwV3FK+glE5nzISfcUI8mitqNA="},
		"no base64":           {"fdf4b11f6082daf8a16676d449a308490a2fe3d1", "?"},
		"another account":     {"7ce622d3aace00e10c0b9a910c7183b01c1937d8", "KdrUPgSMfUvoqS3lxeSkCcKGTscO8DYQRs7Ad5klNIGwrMD0ET1EGk+fXIBtiFwIxpy38ovuH4uadrBCgQ+o1A=="},
		"no account":          {"0347732d7931f4d6cf0a4c31f362496ec05cd507", "sDpA1B4xhRk/+ducNTCqo5XZP1Dp5rwGapPF35AO+n8="},
	} {
		t.Run(name, func(t *testing.T) {
			d := post("msg_signature="+test[0]+"&timestamp=1409659813&nonce=1372623150", "<xml><Encrypt>"+test[1]+"</Encrypt></xml>")
			rc.refuses(t, d, http.StatusUnauthorized)
		})
	}
	for _, reason := range rc.reasons {
		if !strings.Contains(reason, "none of the secrets decrypts") && !strings.Contains(reason, "account") {
			t.Errorf("reason %q", reason) // that of a signature: it is not the cause
		}
	}
}
