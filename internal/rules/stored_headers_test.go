package rules

import (
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
)

func storedRequest(t *testing.T, target string, header map[string][]string) *Request {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, "http://h"+target, nil)
	for name, values := range header {
		for _, value := range values {
			r.Header.Add(name, value)
		}
	}
	return &Request{Request: r, Sent: r.URL, Target: target}
}

func TestStoredHeaders(t *testing.T) {
	stripe := &Signature{Algorithm: HMACSHA256, From: []Source{"header:stripe-signature"}, Content: "{timestamp}.{body}", Timestamp: []Source{"signature:t="}}
	url := &Signature{Algorithm: "hmac-sha1", From: []Source{"header:Authorization"}, Content: "{url}{body}"}
	token := &Signature{Algorithm: AlgorithmToken, From: []Source{"header:X-Hook", "query:k"}}
	sent := map[string][]string{
		"Stripe-Signature": {"t=1,v1=aa"}, "User-Agent": {`S/1 "x"`}, "Content-Type": {"application/json"},
		"Authorization": {"canary"}, "Cookie": {"canary"}, "X-Api-Key": {"canary"}, "X-My-Token": {"canary"}, "X-Client-Secret": {"canary"},
		"X-Password": {"canary"}, "X-Twilio-Idempotency-Token": {"id"}, "X-Hook": {"canary"},
		"Host": {"user:canary@h"}, "Forwarded": {"x"}, "X-Forwarded-For": {"x"}, "X-Real-Ip": {"x"}, "Proxy-Authorization": {"canary"}, "Remote-User": {"x"}, "X-Webhook-Event-Id": {"x"},
		"X-B": {"2", "1"}, "X-A": {"ä%\xff\t"},
	}
	byID := &EventRules{ID: []Source{"header:x-twilio-idempotency-token"}}
	none := new(EventRules)
	for _, test := range []struct {
		name    string
		headers []string
		s       *Signature
		v       *Verification
		e       *EventRules
		want    string // "": nothing is stored
	}{
		{"no signature, nothing in headers", nil, nil, nil, none, ""},
		{"none", []string{"none"}, stripe, nil, byID, ""},
		{"a signature", nil, stripe, nil, none, `[[":method","POST"],[":path","/p?a=REDACTED&REDACTED"],["Stripe-Signature","t=1,v1=aa"],["User-Agent","S/1 \"x\""]]`},
		{"the URL is signed", nil, url, nil, byID, `[[":method","POST"],[":path","/p?a=b&c"],["Authorization","canary"],["User-Agent","S/1 \"x\""],["X-Twilio-Idempotency-Token","id"]]`},
		{"a token", nil, token, nil, none, `[[":method","POST"],[":path","/p?a=REDACTED&REDACTED"],["User-Agent","S/1 \"x\""],["X-Hook","REDACTED"]]`},
		{"an id only", nil, nil, nil, byID, `[[":method","POST"],[":path","/p?a=REDACTED&REDACTED"],["X-Twilio-Idempotency-Token","id"]]`},
		{
			"names",
			[]string{"x-b", "X-A", "content-type", "authorization", "X-None"},
			nil, nil, none,
			`[[":method","POST"],[":path","/p?a=REDACTED&REDACTED"],["Authorization","REDACTED"],["Content-Type","application/json"],["X-A","%C3%A4%25%FF%09"],["X-B","2"],["X-B","1"]]`,
		},
		{"all", []string{"all"}, nil, &Verification{Token: "header:x-hook"}, none, `[[":method","POST"],[":path","/p?a=REDACTED&REDACTED"],["Authorization","REDACTED"],["Content-Type","application/json"],` +
			`["Cookie","REDACTED"],["Stripe-Signature","t=1,v1=aa"],["User-Agent","S/1 \"x\""],["X-A","%C3%A4%25%FF%09"],["X-Api-Key","REDACTED"],["X-B","2"],["X-B","1"],["X-Client-Secret","REDACTED"],` +
			`["X-Hook","REDACTED"],["X-My-Token","REDACTED"],["X-Password","REDACTED"],["X-Twilio-Idempotency-Token","REDACTED"]]`},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := storedRequest(t, "/p?a=b&c", sent)
			h := NewStoredHeaders(test.headers, test.s, test.v, test.e)
			if h == nil {
				if test.want != "" {
					t.Error("nothing is stored")
				}
				return
			}
			if got := h.Of(r); got != test.want {
				t.Errorf("%s\nwant %s", got, test.want)
			}
			if size := h.Size(r); len(h.Of(r)) > 3*size {
				t.Errorf("%d bytes, said to be %d", len(h.Of(r)), size)
			}
		})
	}
}

// TestConnectionIsStored: with a field that it names, as that one must not be sent on.
func TestConnectionIsStored(t *testing.T) {
	for _, test := range []struct {
		headers []string
		sent    []string
		want    string
	}{
		{[]string{"X-Hop", "A"}, []string{"close", "te,x-hop"}, `,["A","1"],["Connection","close"],["Connection","te,x-hop"],["X-Hop","1"]`},
		{[]string{"X-Hop", "Connection"}, []string{"x-hop"}, `,["Connection","x-hop"],["X-Hop","1"]`},
		{[]string{"X-Hop"}, []string{"keep-alive", "X-Other"}, `,["X-Hop","1"]`},
		{[]string{"X-Hop"}, nil, `,["X-Hop","1"]`},
	} {
		h := NewStoredHeaders(test.headers, nil, nil, new(EventRules))
		r := storedRequest(t, "/", map[string][]string{"X-Hop": {"1"}, "A": {"1"}, "Connection": test.sent})
		if got := h.Of(r); got != `[[":method","POST"],[":path","/"]`+test.want+`]` {
			t.Errorf("%q, %q: %s", test.headers, test.sent, got)
		}
		if len(h.fields) != len(test.headers) {
			t.Errorf("%q, %q: the next request has %v", test.headers, test.sent, h.fields)
		}
	}
}

func TestStoredPath(t *testing.T) {
	h := NewStoredHeaders([]string{"X-A"}, nil, nil, new(EventRules))
	for target, want := range map[string]string{
		"/a%20b": "/a%2520b", "/": "/", "/?": "/?", "/?&&": "/?&&", "/?a=": "/?a=", "/?a=b=c": "/?a=REDACTED", "/?secret&=x": "/?REDACTED&=REDACTED",
		"http://user:password@h/p?q=1": "/p?q=REDACTED", "http://user:password@h": "/",
	} {
		r := storedRequest(t, "/", nil)
		r.Target = target
		if got := h.Of(r); got != `[[":method","POST"],[":path","`+want+`"]]` {
			t.Errorf("%s: %s", target, got)
		}
	}
}

// TestStoredPathIsCounted: a query of many parameters grows when they are redacted, and
// takes no more than was counted.
func TestStoredPathIsCounted(t *testing.T) {
	h := NewStoredHeaders([]string{"X-A"}, nil, nil, new(EventRules))
	r := storedRequest(t, "/", nil)
	r.Target = "/?" + strings.Repeat("a&", 500_000)
	if got, size := h.Of(r), h.Size(r); len(got) > size+64 {
		t.Errorf("%d bytes, said to be %d", len(got), size)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	h.Of(r)
	runtime.ReadMemStats(&after)
	if took := after.TotalAlloc - before.TotalAlloc; took > 3*uint64(h.Size(r)) {
		t.Errorf("it took %d bytes, for %d that were counted", took, 3*h.Size(r))
	}
}

func TestCheckHeaders(t *testing.T) {
	for _, good := range [][]string{nil, {"all"}, {"none"}, {"X-A", "b"}} {
		if err := CheckHeaders(good); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	for _, bad := range [][]string{{""}, {"all", "X-A"}, {"X-A", "none"}, {"X A"}, {"X-A", "x-a"}, {"X-A:"}, {"ALL"}, {"None"}} {
		if CheckHeaders(bad) == nil {
			t.Errorf("%q: no error", bad)
		}
	}
}
