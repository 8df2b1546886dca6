package webhookreceiver

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
)

// indistinguishable tells whether a receiver for q answers as one for p does.
func indistinguishable(p, q provider) bool {
	switch {
	case p.signsWithPrivateKey(): // all that can be seen is that signatures are checked
		return q.usesSecret() && !q.secretOptional
	case p.name == genericProvider:
		return !q.usesSecret() || q.secretOptional
	}
	return p.name == "github" && q.name == "meta" // the same signature
}

// TestPlayAnotherProvider plays every provider to a receiver for every other one.
func TestPlayAnotherProvider(t *testing.T) {
	receivers := map[string]*receiver{}
	for _, q := range providers {
		options, _ := credentials(q)
		if q.secretOptional {
			options = ""
		}
		receivers[q.name] = newReceiver(t, "provider "+q.name+options)
	}
	for _, p := range providers {
		for _, q := range providers {
			if p.name == q.name || p.name == genericProvider && q.accept == acceptJSON {
				continue
			}
			_, args := credentials(p)
			out, err := playRows([]provider{p}, append(args, receivers[q.name].URL)...)
			if (err == nil) != indistinguishable(p, q) {
				t.Errorf("%s to a receiver for %s: %v\n%s", p.name, q.name, err, out)
			}
			if err != nil && !strings.Contains(out, "rovider") {
				t.Errorf("%s to a receiver for %s: the cause is not named\n%s", p.name, q.name, out)
			}
		}
	}
}

// TestPlayMistakes makes the mistakes that are made, with every provider.
func TestPlayMistakes(t *testing.T) {
	const secretWords = "secret is not the receiver's"
	for _, p := range providers {
		options, args := credentials(p)
		rc := newReceiver(t, "provider "+p.name+options)
		fails := func(t *testing.T, handler http.Handler, args []string, words ...string) {
			t.Helper()
			url := rc.URL
			if handler != nil {
				server := httptest.NewServer(handler)
				defer server.Close()
				url = server.URL
			}
			before := len(lines(t, rc.file))
			out, err := playRows([]provider{p}, append(args, url)...)
			if err == nil {
				t.Errorf("no error\n%s", out)
			}
			mustContain(t, out, words...)
			if handler == nil && len(lines(t, rc.file)) != before {
				t.Errorf("something is stored\n%s", out)
			}
		}
		altered := func(flag, value string) []string {
			other := slices.Clone(args)
			other[slices.Index(other, flag)+1] = value
			return other
		}
		isPrivate := p.signsWithPrivateKey()
		sendsBody := p.signature == nil || p.signature.Algorithm != algorithmToken

		t.Run(p.name+"/wrong token", func(t *testing.T) {
			if p.usesToken() {
				out, err := playRows([]provider{p}, append(altered("--verify-token", "other"), "--no-event", rc.URL)...)
				if err == nil {
					t.Error("no error")
				}
				mustContain(t, out, "FAIL  right token", "token is not the receiver's verify_token")
			}
		})
		t.Run(p.name+"/wrong secret", func(t *testing.T) {
			if p.usesSecret() && !isPrivate {
				fails(t, nil, altered("--secret", "b3RoZXI="), secretWords)
			}
		})
		t.Run(p.name+"/body dropped", func(t *testing.T) {
			if isPrivate { // nothing in its body can be understood
				return
			}
			fails(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				r.Body, r.ContentLength = http.NoBody, 0
				rc.ServeHTTP(w, r)
			}), args, "FAIL  event", "drops or changes bodies")
		})
		t.Run(p.name+"/body changed", func(t *testing.T) {
			if isPrivate || !sendsBody || p.signature == nil { // nothing tells
				return
			}
			fails(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if body, _ := io.ReadAll(r.Body); len(body) > 0 {
					body = append(body, "&x=y "...)
					r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
				}
				rc.ServeHTTP(w, r)
			}), args, "FAIL  event", "drops or changes bodies: secret and clock are right")
		})
		t.Run(p.name+"/redirect", func(t *testing.T) {
			fails(t, http.RedirectHandler("https://hooks.example.com/other", http.StatusMovedPermanently), args, "a redirect to https://hooks.example.com/other", "do not follow redirects")
		})
		t.Run(p.name+"/no route", func(t *testing.T) {
			fails(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), args, "no route matches")
		})
		t.Run(p.name+"/certificate", func(t *testing.T) {
			secure := httptest.NewTLSServer(rc)
			defer secure.Close()
			out, err := playRows([]provider{p}, append(args, secure.URL)...)
			if err == nil {
				t.Error("no error")
			}
			mustContain(t, out, "the certificate is not trusted")
			if out, err := playRows([]provider{p}, append(args, "--insecure", secure.URL)...); err != nil {
				t.Errorf("with --insecure: %v\n%s", err, out)
			}
			out, err = playRows([]provider{p}, append(args, "https://"+rc.Listener.Addr().String())...)
			if err == nil || !strings.Contains(out, "does not speak HTTPS") {
				t.Errorf("%v\n%s", err, out)
			}
		})
		t.Run(p.name+"/closed port", func(t *testing.T) {
			closed := httptest.NewServer(nil)
			closed.Close()
			out, err := playRows([]provider{p}, append(args, closed.URL)...)
			if err == nil || !strings.Contains(out, "nothing listens on port") {
				t.Errorf("%v\n%s", err, out)
			}
		})
		t.Run(p.name+"/late", func(t *testing.T) {
			hurried := p
			hurried.patience = 50 * time.Millisecond
			done := make(chan struct{})
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { <-done }))
			defer server.Close()
			defer close(done)
			out, err := playRows([]provider{hurried}, append(args, server.URL)...)
			if err == nil || !strings.Contains(out, "no answer within the 50ms that the sender waits") {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}
