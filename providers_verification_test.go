package webhookreceiver

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestProvidersVerification has the endpoint verified as each provider does it,
// by the documents that the rows name.
func TestProvidersVerification(t *testing.T) {
	now := fmt.Sprint(time.Now().Unix())
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	hexMAC := func(key, text string) string { return hex.EncodeToString(hmacOf(key, text)) }
	get := func(query string, headers ...string) delivery {
		return requestOf(http.MethodGet, "/?"+query, "", headers...)
	}
	post := func(query, body string, headers ...string) delivery {
		return requestOf(http.MethodPost, "/?"+query, body, headers...)
	}
	slack := `{"token":"t","challenge":"3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P","type":"url_verification"}`
	zoom := `{"payload":{"plainToken":"qgg8vlvZRS6UYooatFL8Aw"},"event_ts":1654503849680,"event":"endpoint.url_validation"}`
	twitch := `{"challenge":"pogchamp-kappa-360noscope-vohiyo","subscription":{"id":"f1c2"}}`
	twitchTime := time.Now().UTC().Format(time.RFC3339Nano)
	const ping = `{"version":1,"application_id":"1","type":0}`

	seen := map[string]bool{}
	for _, test := range []struct {
		provider, secret string
		request          delivery
		status           int
		body             string
		headers          []string // of the answer
	}{
		{"meta", "s", get("hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=sesame"), 200, "1158201444", []string{"Content-Type", "text/plain; charset=utf-8"}},
		{"meta", "s", get("hub.mode=subscribe&hub.challenge=1&hub.verify_token=other"), 403, "", nil},
		{"meta", "s", get("hub.mode=other&hub.challenge=1&hub.verify_token=sesame"), 400, "", nil},
		{"meta", "s", get("y=%zz&hub.mode=subscribe&hub.challenge=1&hub.verify_token=sesame&;"), 200, "1", nil},
		{"meta", "s", get("hub.mode=subscribe&hub.challenge=%zz&hub.verify_token=sesame"), 400, "", nil},
		{"meta", "s", get("hub.mode=subscribe&hub.challenge=1&hub.challenge=1&hub.verify_token=sesame"), 400, "", nil},
		{"socialboards", "", get("challenge=1&verifyToken=sesame&y=%zz"), 400, "", nil},
		{"strava", "", get("hub.mode=subscribe&hub.challenge=1&hub.verify_token=sesame&y=%zz"), 200, `{"hub.challenge":"1"}`, nil},
		{"dropbox", "s", get("challenge=1&y=%zz"), 200, "1", nil},
		{"nylas", "s", get("y=%zz&challenge=1"), 200, "1", nil},
		{"x", "s", get("crc_token=abc&y=%zz"), 200, `{"response_token":"sha256=` + base64.StdEncoding.EncodeToString(hmacOf("s", "abc")) + `"}`, nil},
		{"x", "s", get("crc_token=abc&crc_token=abc"), 400, "", nil},
		{"linkedin", "s", get("challengeCode=abc&y=%zz"), 200, `{"challengeCode":"abc","challengeResponse":"` + hexMAC("s", "abc") + `"}`, nil},
		{"microsoft_graph", "s", post("validationToken=abc&y=%zz", ""), 200, "abc", nil},
		{"meta", "s", get("hub.challenge=1&hub.verify_token=sesame"), 400, "", nil},
		{"strava", "", get("hub.mode=subscribe&hub.challenge=15f7d1a91c1f40f8&hub.verify_token=sesame"), 200, `{"hub.challenge":"15f7d1a91c1f40f8"}`, []string{"Content-Type", "application/json"}},
		{"strava", "", get(`hub.mode=subscribe&hub.challenge="},%22x&hub.verify_token=sesame`), 200, `{"hub.challenge":"\"},\"x"}`, nil},
		{"dropbox", "s", get("challenge=abc123"), 200, "abc123", []string{"Content-Type", "text/plain; charset=utf-8", "X-Content-Type-Options", "nosniff"}},
		{"nylas", "s", get("challenge=abc123"), 200, "abc123", nil},
		{"x", "s", get("crc_token=abc"), 200, `{"response_token":"sha256=` + base64.StdEncoding.EncodeToString(hmacOf("s", "abc")) + `"}`, []string{"Content-Type", "application/json"}},
		{"linkedin", "s", get("challengeCode=890e4665-4dfe-4ab1-b689-ed553bceeed0"), 200, `{"challengeCode":"890e4665-4dfe-4ab1-b689-ed553bceeed0","challengeResponse":"` + hexMAC("s", "890e4665-4dfe-4ab1-b689-ed553bceeed0") + `"}`, []string{"Content-Type", "application/json"}},
		{"okta", "s", get("", "X-Okta-Verification-Challenge", "my verification challenge"), 200, `{"verification":"my verification challenge"}`, []string{"Content-Type", "application/json"}},
		{"adobe_sign", "client", get("", "X-AdobeSign-ClientId", "client"), 200, "", []string{"X-AdobeSign-ClientId", "client"}},
		{"adobe_sign", "client", get("", "X-AdobeSign-ClientId", "other"), 401, "", nil},
		{"microsoft_graph", "s", post("validationToken=Validation%3A%20Testing%20client", ""), 200, "Validation: Testing client", []string{"Content-Type", "text/plain; charset=utf-8"}},
		{"trello", "s", requestOf(http.MethodHead, "/", ""), 200, "", nil},
		{"cloudevents", "", requestOf(http.MethodOptions, "/", "", "WebHook-Request-Origin", "other.example.com"), 403, "", []string{"WebHook-Allowed-Origin", "", "WebHook-Allowed-Rate", ""}},
		{"cloudevents", "", requestOf(http.MethodOptions, "/", ""), 400, "", []string{"WebHook-Allowed-Origin", ""}},
		{"cloudevents", "", requestOf(http.MethodOptions, "/", "", "WebHook-Request-Origin", "sesame", "WebHook-Request-Rate", "120"), 200, "", []string{"WebHook-Allowed-Origin", "sesame", "WebHook-Allowed-Rate", "*", "Allow", "OPTIONS, POST"}},
		{"slack", "s", post("", slack, "X-Slack-Request-Timestamp", now, "X-Slack-Signature", "v0="+hexMAC("s", "v0:"+now+":"+slack)), 200, "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P", []string{"Content-Type", "text/plain; charset=utf-8"}},
		{"slack", "s", post("", slack), 401, "", nil},
		{"slack", "s", post("", slack, "X-Slack-Request-Timestamp", now, "X-Slack-Signature", "v0="+hexMAC("x", "v0:"+now+":"+slack)), 401, "", nil},
		{"zoom", "s", post("", zoom, "x-zm-request-timestamp", now, "x-zm-signature", "v0="+hexMAC("s", "v0:"+now+":"+zoom)), 200, `{"plainToken":"qgg8vlvZRS6UYooatFL8Aw","encryptedToken":"` + hexMAC("s", "qgg8vlvZRS6UYooatFL8Aw") + `"}`, []string{"Content-Type", "application/json"}},
		{"zoom", "s", post("", zoom), 401, "", nil},
		{"twitch", "s", post("", twitch, "Twitch-Eventsub-Message-Type", "webhook_callback_verification", "Twitch-Eventsub-Message-Id", "e76c6bd4", "Twitch-Eventsub-Message-Timestamp", twitchTime, "Twitch-Eventsub-Message-Signature", "sha256="+hexMAC("s", "e76c6bd4"+twitchTime+twitch)), 200, "pogchamp-kappa-360noscope-vohiyo", nil},
		{"twitch", "s", post("", twitch, "Twitch-Eventsub-Message-Type", "webhook_callback_verification"), 401, "", nil},
		{"discord", hex.EncodeToString(public), post("", ping, "X-Signature-Timestamp", now, "X-Signature-Ed25519", hex.EncodeToString(ed25519.Sign(private, []byte(now+ping)))), 204, "", nil},
		{"discord", hex.EncodeToString(public), post("", ping, "X-Signature-Timestamp", now, "X-Signature-Ed25519", strings.Repeat("00", 64)), 401, "", nil},
		{"github", "s", get("challenge=1"), 405, "", []string{"Allow", "POST"}},
		{"generic", "", get("challenge=1"), 405, "", []string{"Allow", "POST"}},
		{"slack", "s", get("challenge=1"), 405, "", []string{"Allow", "POST"}},
		{"trello", "s", get(""), 405, "", []string{"Allow", "HEAD, POST"}},
	} {
		p, err := providerNamed(test.provider)
		if err != nil {
			t.Fatal(err)
		}
		options := "provider " + p.name
		if p.usesToken() {
			options += "\nverify_token sesame"
		}
		if test.secret != "" {
			options += "\nsecret " + test.secret
		}
		rc := newReceiver(t, options)
		resp, body := rc.send(t, test.request)
		if resp.StatusCode != test.status || body != test.body {
			t.Errorf("%s %s %q: answer %d %q, want %d %q", test.provider, test.request.method, test.request.path, resp.StatusCode, body, test.status, test.body)
		}
		for i := 0; i+1 < len(test.headers); i += 2 {
			if got := resp.Header.Get(test.headers[i]); got != test.headers[i+1] {
				t.Errorf("%s: %s %q, want %q", test.provider, test.headers[i], got, test.headers[i+1])
			}
		}
		if n := len(lines(t, rc.file)); n != 0 {
			t.Errorf("%s: %d lines stored", test.provider, n)
		}
		seen[p.name] = true
	}
	for _, p := range providers {
		if p.verification != nil && !seen[p.name] && p.name != defaultProvider { // which has tables of its own
			t.Errorf("%s: its verification is not tested", p.name)
		}
	}
}

func requestOf(method, path, body string, headers ...string) delivery {
	d := delivery{method: method, path: path, body: body, headers: http.Header{}}
	for i := 0; i+1 < len(headers); i += 2 {
		d.headers.Set(headers[i], headers[i+1])
	}
	return d
}

// TestAnswersWithoutBody: what would never be sent is no config. The rows of the
// table pass the same check.
func TestAnswersWithoutBody(t *testing.T) {
	for config, refused := range map[string]bool{
		`{"verification":{"challenge":"query:c","status":204}}`:                               true,
		`{"verification":{"challenge":"query:c","status":205}}`:                               true,
		`{"verification":{"status":204,"body":"ok"}}`:                                         true,
		`{"verification":{"method":"HEAD","challenge":"query:c"}}`:                            true,
		`{"verification":{"method":"HEAD","body":"ok"}}`:                                      true,
		`{"verification":{"status":204}}`:                                                     false,
		`{"verification":{"method":"HEAD"}}`:                                                  false,
		`{"verification":{"status":204,"challenge":"query:c","headers":{"X":"{challenge}"}}}`: false,
		`{"event":{"status":204,"body":"ok"}}`:                                                true,
		`{"event":{"status":205,"body":"ok"}}`:                                                true,
		`{"event":{"status":205,"echo":"X-Id"}}`:                                              false,
		`{"event":{"status":206,"body":"ok"}}`:                                                false,
	} {
		_, err := loadJSON(t, `{"provider":"generic","outputs":[{"output":"log"}],`+config[1:])
		if (err != nil) != refused || refused && !strings.Contains(err.Error(), "has no body") {
			t.Errorf("%s: %v", config, err)
		}
	}
	for _, p := range providers {
		if err := p.Validate(); err != nil {
			t.Errorf("%s: %v", p.name, err)
		}
	}
}
