package webhookreceiver

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/event"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/provider"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/rules"
)

// indistinguishable tells whether a receiver for q answers as one for p does.
func indistinguishable(p, q provider.Row) bool {
	switch {
	case reflect.DeepEqual(p.Signature, q.Signature) && (p.Verification == nil || reflect.DeepEqual(p.Verification, q.Verification)) && p.Accept == q.Accept:
		return true
	case p.SignsWithPrivateKey() && !p.NeedsURL(): // all that can be seen is that signatures are checked
		return (q.UsesSecret() || q.Keys != nil) && !q.SecretOptional && p.Event.Refused == q.Event.Refused
	case p.Name == provider.Generic:
		return !q.UsesSecret() || q.SecretOptional
	}
	return p.Name == "github" && q.Name == "meta" // the same signature
}

// TestPlayAnotherProvider plays every provider to receivers for others: the default, one
// with rules of its own, and some that differ from row to row.
func TestPlayAnotherProvider(t *testing.T) {
	receivers := map[string]*receiver{}
	for _, q := range provider.Rows {
		options, _ := credentials(q)
		if q.SecretOptional {
			options = ""
		}
		receivers[q.Name] = newReceiver(t, "provider "+q.Name+options)
	}
	for i, p := range provider.Rows {
		for j, q := range provider.Rows {
			distance := (j - i + len(provider.Rows)) % len(provider.Rows)
			if q.Name != provider.Default && q.Name != provider.Generic && !slices.Contains([]int{1, 23}, distance) {
				continue
			}
			if p.Name == q.Name || p.Name == provider.Generic && q.Accept == event.AcceptJSON {
				continue
			}
			_, args := credentials(p)
			out, err := playRows([]provider.Row{p}, append(args, receivers[q.Name].URL)...)
			if (err == nil) != indistinguishable(p, q) {
				t.Errorf("%s to a receiver for %s: %v\n%s", p.Name, q.Name, err, out)
			}
			if err != nil && !strings.Contains(out, "rovider") && q.Event.Refused == 0 {
				t.Errorf("%s to a receiver for %s: the cause is not named\n%s", p.Name, q.Name, out)
			}
		}
	}
}

// TestPlayMistakes makes the mistakes that are made, with every provider; those that have
// nothing to do with it with every tenth.
func TestPlayMistakes(t *testing.T) {
	const secretWords = "secret is not the receiver's"
	for i, p := range provider.Rows {
		options, args := credentials(p)
		rc := newReceiver(t, "provider "+p.Name+options)
		fails := func(t *testing.T, handler http.Handler, args []string, words ...string) {
			t.Helper()
			url := rc.URL
			if handler != nil {
				server := httptest.NewServer(handler)
				defer server.Close()
				url = server.URL
			}
			before := len(lines(t, rc.file))
			out, err := playRows([]provider.Row{p}, append(args, url)...)
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
		isPrivate := p.SignsWithPrivateKey()
		sendsBody := p.Signature == nil || p.Signature.Algorithm != rules.AlgorithmToken

		t.Run(p.Name+"/wrong token", func(t *testing.T) {
			if p.UsesToken() && !p.NeedsURL() {
				out, err := playRows([]provider.Row{p}, append(altered("--verify-token", "other"), "--no-event", rc.URL)...)
				if err == nil {
					t.Error("no error")
				}
				if p.Signature.IsSealed() { // it can't be told what of it is wrong
					mustContain(t, out, "FAIL  verification", "or the verify token or the account is not")
				} else {
					mustContain(t, out, "FAIL  right token", "token is not the receiver's verify_token")
				}
			}
		})
		t.Run(p.Name+"/wrong secret", func(t *testing.T) {
			if p.UsesSecret() && !isPrivate {
				fails(t, nil, altered("--secret", secretOf(p, "other")), secretWords)
			}
		})
		t.Run(p.Name+"/body dropped", func(t *testing.T) {
			if isPrivate { // nothing in its body can be understood
				return
			}
			fails(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				r.Body, r.ContentLength = http.NoBody, 0
				rc.ServeHTTP(w, r)
			}), args, "FAIL  event", "drops or changes bodies")
		})
		t.Run(p.Name+"/body changed", func(t *testing.T) {
			if p.Signature.IsSealed() && p.Verification.Method == http.MethodPost { // nothing has been found right before
				return
			}
			if isPrivate || !sendsBody || p.Signature == nil || p.Signature.Partial { // nothing tells
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
		if i%10 != 0 {
			continue
		}
		t.Run(p.Name+"/redirect", func(t *testing.T) {
			fails(t, http.RedirectHandler("https://hooks.example.com/other", http.StatusMovedPermanently), args, "a redirect to https://hooks.example.com/other", "do not follow redirects")
		})
		t.Run(p.Name+"/no route", func(t *testing.T) {
			fails(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), args, "no route matches")
		})
		t.Run(p.Name+"/certificate", func(t *testing.T) {
			secure := httptest.NewTLSServer(rc)
			defer secure.Close()
			out, err := playRows([]provider.Row{p}, append(args, secure.URL)...)
			if err == nil {
				t.Error("no error")
			}
			mustContain(t, out, "the certificate is not trusted")
			if out, err := playRows([]provider.Row{p}, append(args, "--insecure", secure.URL)...); err != nil {
				t.Errorf("with --insecure: %v\n%s", err, out)
			}
			out, err = playRows([]provider.Row{p}, append(args, "https://"+rc.Listener.Addr().String())...)
			if err == nil || !strings.Contains(out, "does not speak HTTPS") {
				t.Errorf("%v\n%s", err, out)
			}
		})
		t.Run(p.Name+"/closed port", func(t *testing.T) {
			closed := httptest.NewServer(nil)
			closed.Close()
			out, err := playRows([]provider.Row{p}, append(args, closed.URL)...)
			if err == nil || !strings.Contains(out, "nothing listens on port") {
				t.Errorf("%v\n%s", err, out)
			}
		})
		t.Run(p.Name+"/late", func(t *testing.T) {
			hurried := p
			hurried.Patience = 50 * time.Millisecond
			done := make(chan struct{})
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { <-done }))
			defer server.Close()
			defer close(done)
			out, err := playRows([]provider.Row{hurried}, append(args, server.URL)...)
			if err == nil || !strings.Contains(out, "no answer within the 50ms that the sender waits") {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}
