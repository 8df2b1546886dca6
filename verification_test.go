package webhookreceiver

import (
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/provider"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/rules"
)

func TestVerification(t *testing.T) {
	t.Setenv("OLD_TOKEN", "old")
	rc := newReceiver(t, "verify_token sesame {env.OLD_TOKEN} \"'space & ünicode'\"")
	long := strings.Repeat("x", 4096)

	for name, c := range map[string]struct {
		query  string
		status int
		body   string
	}{
		"the sender's request":     {"challenge=2135675231&verifyToken=sesame", 200, "2135675231"},
		"any order":                {"verifyToken=sesame&challenge=1", 200, "1"},
		"a token from a variable":  {"challenge=1&verifyToken=old", 200, "1"},
		"an escaped token":         {"challenge=1&verifyToken=%27space+%26+%C3%BCnicode%27", 200, "1"},
		"other parameters":         {"challenge=1&verifyToken=sesame&x=1&x=2&CHALLENGE=3&verifytoken=4", 200, "1"},
		"markup":                   {"challenge=%3Cb%3E%26%22&verifyToken=sesame", 200, `<b>&"`},
		"spaces and plus":          {"challenge=+a+b%2B%20&verifyToken=sesame", 200, " a b+ "},
		"unicode":                  {"challenge=%E6%97%A5&verifyToken=sesame", 200, "日"},
		"the longest challenge":    {"challenge=" + long + "&verifyToken=sesame", 200, long},
		"too long a challenge":     {"challenge=" + long + "x&verifyToken=sesame", 400, ""},
		"no query":                 {"", 400, ""},
		"no challenge":             {"verifyToken=sesame", 400, ""},
		"no token":                 {"challenge=1", 400, ""},
		"an empty challenge":       {"challenge=&verifyToken=sesame", 400, ""},
		"an empty token":           {"challenge=1&verifyToken=", 400, ""},
		"two challenges":           {"challenge=1&challenge=1&verifyToken=sesame", 400, ""},
		"two tokens":               {"challenge=1&verifyToken=sesame&verifyToken=sesame", 400, ""},
		"a right and a wrong one":  {"challenge=1&verifyToken=sesame&verifyToken=x", 400, ""},
		"other case":               {"Challenge=1&VerifyToken=sesame", 400, ""},
		"a bad escape":             {"challenge=%zz&verifyToken=sesame", 400, ""},
		"a bad escape elsewhere":   {"challenge=1&verifyToken=sesame&x=%", 400, ""},
		"a semicolon":              {"challenge=1;verifyToken=sesame", 400, ""},
		"a line feed":              {"challenge=a%0Ab&verifyToken=sesame", 400, ""},
		"a NUL":                    {"challenge=%00&verifyToken=sesame", 400, ""},
		"a C1 control character":   {"challenge=%C2%85&verifyToken=sesame", 400, ""},
		"not UTF-8":                {"challenge=%FF&verifyToken=sesame", 400, ""},
		"a bad one, and the token": {"challenge=%FF&verifyToken=wrong", 400, ""},
		"a wrong token":            {"challenge=1&verifyToken=wrong", 403, ""},
		"part of the token":        {"challenge=1&verifyToken=sesam", 403, ""},
		"more than the token":      {"challenge=1&verifyToken=sesame%20", 403, ""},
		"the token in other case":  {"challenge=1&verifyToken=Sesame", 403, ""},
		"the placeholder":          {"challenge=1&verifyToken=%7Benv.OLD_TOKEN%7D", 403, ""},
	} {
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			t.Run(method+" "+name, func(t *testing.T) {
				req, _ := http.NewRequest(method, rc.URL+"/webhooks?"+c.query, nil)
				resp, err := http.DefaultClient.Do(req)
				if err != nil {
					t.Fatal(err)
				}
				defer resp.Body.Close()
				body, _ := io.ReadAll(resp.Body)
				want := c.body
				if method == http.MethodHead {
					want = ""
				}
				if resp.StatusCode != c.status || string(body) != want {
					t.Fatalf("answer %d %q, want %d %q", resp.StatusCode, body, c.status, want)
				}
				if c.status != 200 {
					return
				}
				if resp.ContentLength != int64(len(c.body)) {
					t.Errorf("Content-Length %d, want %d", resp.ContentLength, len(c.body))
				}
				for header, want := range map[string]string{
					"Content-Type":           "text/plain; charset=utf-8",
					"X-Content-Type-Options": "nosniff",
					"Cache-Control":          "no-store",
				} {
					if got := resp.Header.Get(header); got != want {
						t.Errorf("%s: %q, want %q", header, got, want)
					}
				}
			})
		}
	}

	if got := text(rc.logs); strings.Contains(got, "sesam") || strings.Contains(got, "old") {
		t.Errorf("a token is in the log: %s", got)
	}
	if logged(rc.logs, 0, "request refused") == 0 {
		t.Error("a wrong token is not logged at info")
	}
	if len(lines(t, rc.file)) > 0 {
		t.Error("a verification was stored")
	}
}

func TestVerificationWithBodyClosesConnection(t *testing.T) {
	rc := newReceiver(t, "")
	resp, _ := rc.raw(t, "GET /?challenge=1&verifyToken=sesame HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n")
	if resp.StatusCode != 200 || !resp.Close {
		t.Errorf("status %d, close %v: want 200 at once, and the connection closed", resp.StatusCode, resp.Close)
	}
}

// TestSignedVerification has verifications by GET that must be signed, for which
// there is no body: neither a public key nor a challenge that reads like an
// event makes a difference.
func TestSignedVerification(t *testing.T) {
	signed := "provider generic\nverification {\nsigned\nchallenge query:challenge\n%s\n}\nsignature {\nalgorithm %s\nfrom header:X-Signature\n}\nsecret %s"
	get := func(rc *receiver, challenge, signature string) int {
		d := delivery{method: http.MethodGet, path: "/?challenge=" + url.QueryEscape(challenge), headers: http.Header{}}
		if signature != "" {
			d.headers.Set("X-Signature", signature)
		}
		resp, _ := rc.send(t, d)
		return resp.StatusCode
	}

	rc := newReceiver(t, fmt.Sprintf(signed, "", rules.AlgorithmEd25519, rfc8032Hex))
	ofNothing := "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b" // RFC 8032, test 1
	for signature, want := range map[string]int{ofNothing: 200, "": 401, strings.Repeat("00", 64): 401, "00": 401} {
		if status := get(rc, "x", signature); status != want {
			t.Errorf("%.10q: status %d, want %d", signature, status, want)
		}
	}

	rc = newReceiver(t, fmt.Sprintf(signed, "hmac hex\nbody {hmac}", rules.HMACSHA256, "sesame"))
	ofNothing = hex.EncodeToString(hmacOf("sesame", ""))
	for challenge, want := range map[string]int{"x": 200, `{"a":1}`: 400, "[1]": 400} {
		if status := get(rc, challenge, ofNothing); status != want {
			t.Errorf("%q: status %d, want %d", challenge, status, want)
		}
	}
	d := delivery{method: http.MethodPost, path: "/", body: "x", headers: http.Header{}}
	d.headers.Set("X-Signature", hex.EncodeToString(hmacOf("sesame", "x"))) // as the answer had it
	rc.refuses(t, d, http.StatusBadRequest)
}

// TestUnsignedVerificationInBody has a challenge in the body of a POST that a header tells
// from an event.
func TestUnsignedVerificationInBody(t *testing.T) {
	rc := newReceiver(t, "provider generic\nverification {\nmethod POST\nmatch header:X-Type verify\nchallenge body:challenge\n}\n"+
		"signature {\nalgorithm hmac-sha256\nfrom header:X-Signature\n}\nsecret sesame")
	d := delivery{method: http.MethodPost, path: "/", body: `{"challenge":"abc"}`, headers: http.Header{"X-Type": {"verify"}}}
	if resp, body := rc.send(t, d); resp.StatusCode != 200 || body != "abc" {
		t.Errorf("status %d, body %q: want the challenge", resp.StatusCode, body)
	}
	d.headers = http.Header{}
	rc.refuses(t, d, http.StatusUnauthorized)
}

// TestOpenVerifications: no config in which a verification that must be signed can't be, or
// gets what an event is signed with for anybody.
func TestOpenVerifications(t *testing.T) {
	const signature = "signature {\nfrom header:X-Signature\n%s\n}\nsecret sesame"
	for options, want := range map[string]string{
		"verification {\nsigned\nchallenge query:c\n}\nsignature {\nalgorithm hmac-sha256\nfrom body:sig\n}\nsecret sesame":                                                   "needs method POST",
		"verification {\nsigned\nchallenge query:c\n}\naccount a\n" + fmt.Sprintf(signature, "algorithm jwt-hs256\nclaims sum {sha256}\nshared_key\naccount claim:aud"):       "needs method POST",
		"verification {\nchallenge query:c\nhmac hex\nbody {hmac}\n}\n" + fmt.Sprintf(signature, "algorithm hmac-sha256\npartial\ncontent {header:X-Id}"):                     "could be had as a challenge",
		"verification {\nmethod POST\nsigned\nchallenge body:c\nhmac hex\nbody {hmac}\n}\n" + fmt.Sprintf(signature, "algorithm hmac-sha256\npartial\ncontent {header:X-Id}"): "could be had as a challenge",
	} {
		if _, err := load(t, "provider generic\n"+options); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s\n%v, want %q", options, err, want)
		}
	}
}

func FuzzVerification(f *testing.F) {
	f.Add("challenge=1&verifyToken=sesame")
	f.Add("challenge=%FF&verifyToken=%00")
	f.Fuzz(func(t *testing.T, query string) {
		p, _ := provider.Named(provider.Default)
		m := &rules.Request{Request: &http.Request{Method: http.MethodGet, URL: &url.URL{RawQuery: query}}}
		challenge, token, err := p.Verification.WithDefaults().Parse(m)
		if err != nil {
			if challenge != "" || token != "" {
				t.Fatalf("an error, and %q and %q", challenge, token)
			}
			return
		}
		values, err := url.ParseQuery(query)
		if err != nil || len(values["challenge"]) != 1 || len(values["verifyToken"]) != 1 ||
			challenge != values["challenge"][0] || token != values["verifyToken"][0] || challenge == "" || token == "" {
			t.Fatalf("%q gave %q and %q", query, challenge, token)
		}
		if strings.ContainsAny(challenge, "\r\n\x00") || len(challenge) > 4096 {
			t.Fatalf("%q would be echoed", challenge)
		}
	})
}
