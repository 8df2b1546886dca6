package rules

import (
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/event"
)

// signedRequest returns a verifier by a secret, and a request with that signature of the text.
func signedRequest(t *testing.T, s Signature, target, body, text string) (*Verifier, *Request) {
	t.Helper()
	if err := s.Validate(); err != nil {
		t.Fatal(err)
	}
	verifier, err := NewVerifier(s, []string{"key"}, PublicURL{})
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPost, target, nil)
	r.Header.Set("S", hex.EncodeToString(verifier.Sum([]byte(text))))
	e := new(event.Event)
	if err := event.SetData(e, []byte(body), "", event.AcceptAny); err != nil {
		t.Fatal(err)
	}
	return verifier, &Request{Request: r, Sent: r.URL, Target: r.RequestURI, Event: e, At: time.Unix(1767225600, 0), Decoded: []byte(body)}
}

// TestShorterNonce: a nonce whose beginning is moved to the end of what is signed before it
// is no other nonce.
func TestShorterNonce(t *testing.T) {
	s := Signature{Algorithm: HMACSHA256, From: []Source{"header:S"}, Content: "{url}{header:N}", Partial: true, Nonce: "header:N"}
	verifier, genuine := signedRequest(t, s, "/hooks", `{"a":1}`, "http://example.com/hooks123")
	genuine.Header.Set("N", "123")
	_, forged := signedRequest(t, s, "/hooks1", `{"a":2}`, "http://example.com/hooks123")
	forged.Header.Set("N", "23")
	for _, test := range []struct {
		r     *Request
		taken bool
	}{{genuine, true}, {genuine, true}, {forged, false}} {
		err := verifier.Verify(test.r, test.r.Decoded, noLimit{})
		if err == nil {
			err = verifier.UseNonce(test.r)
		}
		if (err == nil) != test.taken {
			t.Errorf("%s with %s: %v", test.r.Target, test.r.Decoded, err)
		}
	}
}

// TestLongerTimestamp: the last digit of an id is not taken for the first of the time after it.
func TestLongerTimestamp(t *testing.T) {
	s := Signature{
		Algorithm: HMACSHA256, From: []Source{"header:S"}, Content: "{id}{timestamp}{body}",
		ID: []Source{"header:I"}, Timestamp: []Source{"header:T"},
	}
	for id, timestamp := range map[string]string{"10": "1767225600", "1": "01767225600"} {
		verifier, r := signedRequest(t, s, "/", `{}`, "101767225600{}")
		r.Header.Set("I", id)
		r.Header.Set("T", timestamp)
		if err := verifier.Verify(r, r.Decoded, noLimit{}); (err == nil) != (id == "10") {
			t.Errorf("id %s: %v", id, err)
		}
	}
}

// TestOddItem: in an element of which the signature is of nothing at a place, there must be
// nothing.
func TestOddItem(t *testing.T) {
	s := Signature{Algorithm: HMACSHA256, From: []Source{"body:items.*.sig"}, Content: "{item:a}:{item:b}", Partial: true}
	verifier, _ := signedRequest(t, s, "/", `{}`, "")
	mac := hex.EncodeToString(verifier.Sum([]byte("1:")))
	for item, taken := range map[string]bool{`"a":1`: true, `"a":"1","b":null`: true, `"a":1,"b":""`: true, `"a":1,"b":{"c":2}`: false, `"a":1,"b":true`: false, `"a":1,"b":[]`: false} {
		_, r := signedRequest(t, s, "/", `{"items":[{`+item+`,"sig":"`+mac+`"}]}`, "")
		if err := verifier.VerifyData(r, r.Decoded, noLimit{}); (err == nil) != taken {
			t.Errorf("%s: %v", item, err)
		}
	}
}

// TestNumberedToken: a token may be in any of numbered headers.
func TestNumberedToken(t *testing.T) {
	s := Signature{Algorithm: AlgorithmToken, From: []Source{"header:X-Key-*"}}
	verifier, err := NewVerifier(s, []string{"key"}, PublicURL{})
	if err != nil {
		t.Fatal(err)
	}
	for name, taken := range map[string]bool{"X-Key-1": true, "X-Key-16": true, "X-Key-17": false, "X-Key-*": false} {
		r := httptest.NewRequest(http.MethodPost, "/", nil)
		r.Header.Set(name, "key")
		if err := verifier.Verify(&Request{Request: r, Sent: r.URL}, nil, noLimit{}); (err == nil) != taken {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestRewrittenQuery: what is signed of the query is what was sent, as it is of the path.
func TestRewrittenQuery(t *testing.T) {
	s := Signature{Algorithm: HMACSHA256, From: []Source{"header:S"}, Content: "{path}{query:id}{body}"}
	verifier, r := signedRequest(t, s, "/hooks?id=7", `{}`, "/hooks?id=77{}")
	rewritten := *r.URL
	rewritten.RawQuery = "id=8"
	r.URL = &rewritten
	if err := verifier.Verify(r, r.Decoded, noLimit{}); err != nil {
		t.Error(err)
	}
}
