package provider_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/event"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/keys"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/provider"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/rules"
)

// noStorage stores nothing.
type noStorage struct{}

func (noStorage) Store(context.Context, string, []byte) error  { return nil }
func (noStorage) Load(context.Context, string) ([]byte, error) { return nil, fs.ErrNotExist }

func (noStorage) List(context.Context, string, bool) ([]string, error) { return nil, fs.ErrNotExist }

// TestFetchedKeys verifies each vector of a row whose keys are fetched with the key as the
// service answers it.
func TestFetchedKeys(t *testing.T) {
	var public string
	var asked []string
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Method+" "+r.Host+r.URL.Path)
		answer := map[string]any{"access_token": "t", "algorithm": "ECDSA", "digest": "SHA1", "key": public}
		switch {
		case strings.HasSuffix(r.Host, ".plaid.com"):
			var key map[string]any
			if err := json.Unmarshal([]byte(public), &key); err != nil {
				t.Error(err)
			}
			key["created_at"], key["expired_at"] = 1560466150, nil
			answer = map[string]any{"key": key, "request_id": "r"}
		case !strings.HasSuffix(r.Host, ".ebay.com"):
			fmt.Fprint(w, public)
			return
		}
		_ = json.NewEncoder(w).Encode(answer)
	}))
	defer server.Close()
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	before := keys.Transport
	defer func() { keys.Transport = before }()
	keys.Transport = func() http.RoundTripper {
		clone := before().(*http.Transport).Clone()
		clone.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, server.Listener.Addr().String())
		}
		clone.TLSClientConfig = &tls.Config{RootCAs: roots, ServerName: "example.com"}
		return clone
	}
	finders := map[string]*keys.Finder{}
	for _, v := range vectors {
		p, err := provider.Named(v.provider)
		if err != nil || p.Keys == nil {
			continue
		}
		t.Run(v.provider+"/"+v.by, func(t *testing.T) {
			public = v.secret
			var secrets []string
			if p.UsesSecret() {
				secrets = []string{"id:secret"}
			}
			if finders[p.Name] == nil {
				finders[p.Name] = keys.NewFinder(p.Keys, p.Signature.CheckSecret, []string{v.account}, secrets, func() keys.Storage { return noStorage{} })
			}
			verifier, err := rules.NewVerifier(*p.Signature, nil, rules.PublicURL{})
			if err != nil {
				t.Fatal(err)
			}
			verifier.Finder, verifier.Accounts = finders[p.Name], []string{v.account}
			ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
			defer cancel()
			try := func(body string, at time.Time, accounts ...string) error {
				verifier.Accounts = accounts
				r := httptest.NewRequest(http.MethodPost, "/", nil)
				r.Header = v.delivery().headers
				m := &rules.Request{Request: r, Sent: r.URL, Event: new(event.Event), At: at, Decoded: []byte(body), Waits: ctx}
				err := verifier.Verify(m, []byte(body), noLimit{})
				if err == nil {
					err = event.SetData(m.Event, []byte(body), r.Header.Get("Content-Type"), p.Accept)
				}
				if err == nil {
					err = verifier.VerifyData(m, []byte(body), noLimit{})
				}
				if err == nil && len(verifier.SignedBy(m)) != 64 {
					t.Error("it is not known what it is signed with")
				}
				return err
			}
			at := time.Unix(v.at, 0)
			n := len(asked)
			if try(v.body, at.Add(v.late+time.Hour), v.account) == nil && v.late > 0 {
				t.Error("a stale one is taken")
			}
			if v.late > 0 && len(asked) != n {
				t.Errorf("it makes us ask for %s", asked[n:])
			}
			if err := try(v.body, at, v.account); err != nil {
				t.Fatalf("%v, asked %s", err, asked)
			}
			n = len(asked)
			for name, err := range map[string]error{
				"another body":    try(strings.Replace(v.body, "a", "b", 1), at, v.account),
				"another account": try(v.body, at, "another"),
			} {
				if err == nil && (name != "another account" || v.account != "") {
					t.Errorf("%s is taken", name)
				}
			}
			if len(asked) != n {
				t.Errorf("asked again: %s", asked[n:])
			}
		})
	}
	if got, want := fmt.Sprint(asked), "[GET sns.us-west-2.amazonaws.com/SimpleNotificationService-f3ecfb7224c7233fe7bb5f59f96de52f.pem "+
		"POST api.ebay.com/identity/v1/oauth2/token GET api.ebay.com/commerce/notification/v1/public_key/9936261a-7d7b-4621-a0f1-96ccb428af49 "+
		"GET api.paypal.com/v1/notifications/certs/CERT-360caa42-fca2a594-a5cafa77 POST production.plaid.com/webhook_verification_key/get]"; got != want {
		t.Errorf("asked %s", got)
	}
}
