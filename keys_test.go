package webhookreceiver

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/caddyserver/certmagic"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/keys"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/outcome"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/reader"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/recheck"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/rules"
)

// amazon is SNS, behind a real listener with TLS, in one region that no other test has:
// hosts are asked once in ten seconds, whoever asks.
type amazon struct {
	topic, host string
	key         *rsa.PrivateKey
	pem         string

	mu    sync.Mutex
	asked []string // method, host and URI
}

func newAmazon(t *testing.T, region string, answer func(a *amazon, w http.ResponseWriter, r *http.Request)) *amazon {
	t.Helper()
	a := &amazon{topic: "arn:aws:sns:" + region + ":123456789012:orders", host: "sns." + region + ".amazonaws.com"}
	var err error
	if a.key, err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now(), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &a.key.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	a.pem = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.mu.Lock()
		a.asked = append(a.asked, r.Method+" "+r.Host+r.RequestURI)
		a.mu.Unlock()
		answer(a, w, r)
	}))
	t.Cleanup(server.Close)
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	before := keys.Transport
	t.Cleanup(func() { keys.Transport = before })
	keys.Transport = func() http.RoundTripper {
		clone := before().(*http.Transport).Clone()
		clone.DisableKeepAlives = true
		clone.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, server.Listener.Addr().String())
		}
		clone.TLSClientConfig = &tls.Config{RootCAs: roots, ServerName: "example.com"}
		return clone
	}
	return a
}

// answers is what SNS answers.
func answers(a *amazon, w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/SimpleNotificationService-0a1b.pem" {
		fmt.Fprint(w, a.pem)
	}
}

func (a *amazon) calls() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.asked)
}

// message returns a signed message, altered before or after that.
func (a *amazon) message(t *testing.T, before, after map[string]any) string {
	t.Helper()
	m := map[string]any{
		"Type": "Notification", "MessageId": "m1", "TopicArn": a.topic, "Message": strings.Repeat("long \"text\"\n", 10000), "Timestamp": time.Now().UTC().Format("2006-01-02T15:04:05.000Z"),
		"SignatureVersion": "2", "SigningCertURL": "https://" + a.host + "/SimpleNotificationService-0a1b.pem",
	}
	for name, value := range before {
		m[name] = value
	}
	content := ""
	for _, name := range []string{"Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"} {
		if value, ok := m[name].(string); ok {
			content += name + "\n" + value + "\n"
		}
	}
	sum, hash := sha256.Sum256([]byte(content)), crypto.SHA256
	digest := sum[:]
	if m["SignatureVersion"] == "1" {
		old := sha1.Sum([]byte(content))
		digest, hash = old[:], crypto.SHA1
	}
	signature, err := rsa.SignPKCS1v15(rand.Reader, a.key, hash, digest)
	if err != nil {
		t.Fatal(err)
	}
	m["Signature"] = base64.StdEncoding.EncodeToString(signature)
	for name, value := range after {
		m[name] = value
	}
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// newSNSReceiver returns a receiver for the topic, with storage in a directory.
func newSNSReceiver(t *testing.T, a *amazon, dir, options string) *receiver {
	t.Helper()
	rc := newReceiver(t, "provider aws_sns\naccount "+a.topic+"\n"+options)
	rc.signature.Finder = keys.NewFinder(keys.SNS, rc.provider.Signature.CheckSecret, rc.accounts, nil, func() keys.Storage { return &certmagic.FileStorage{Path: dir} })
	return rc
}

const plainText = "text/plain; charset=UTF-8"

// TestSNS takes what SNS signs for a listed topic, in both versions, asks for the
// certificate once, and only when nothing else is wrong with a message; what is stored can
// be checked again with the key that is stored.
func TestSNS(t *testing.T) {
	a := newAmazon(t, "eu-north-1", answers)
	dir := t.TempDir()
	rc := newSNSReceiver(t, a, dir, "")
	day := 25 * time.Hour
	for name, body := range map[string]string{
		"another topic":       a.message(t, map[string]any{"TopicArn": a.topic + "2"}, nil),
		"stale":               a.message(t, map[string]any{"Timestamp": time.Now().Add(-day).UTC().Format(time.RFC3339)}, nil),
		"no message":          a.message(t, nil, map[string]any{"Message": nil}),
		"no signature":        a.message(t, nil, map[string]any{"Signature": ""}),
		"another host":        a.message(t, nil, map[string]any{"SigningCertURL": "https://sns.eu-north-1.amazonaws.com.evil.com/SimpleNotificationService-0a1b.pem"}),
		"another region":      a.message(t, nil, map[string]any{"SigningCertURL": "https://sns.eu-south-1.amazonaws.com/SimpleNotificationService-0a1b.pem"}),
		"an unknown version":  a.message(t, nil, map[string]any{"SignatureVersion": "3"}),
		"no SigningCertURL":   a.message(t, nil, map[string]any{"SigningCertURL": nil}),
		"a topic of no shape": a.message(t, map[string]any{"TopicArn": "x"}, nil),
	} {
		if resp := rc.post(t, body, "Content-Type", plainText); resp.StatusCode != http.StatusUnauthorized {
			t.Errorf("%s: status %d", name, resp.StatusCode)
		}
	}
	if got := a.calls(); len(got) > 0 {
		t.Errorf("a stranger made us call %q", got)
	}
	if refused := linesOf(rc.logs, "request refused"); !strings.Contains(fmt.Sprint(refused), "the topic's attribute SignatureVersion must be 1 or 2") {
		t.Errorf("no remedy for an unknown version: %v", refused)
	}
	var all sync.WaitGroup
	for i := range 4 {
		all.Add(1)
		go func() {
			defer all.Done()
			body := a.message(t, map[string]any{"MessageId": fmt.Sprint("m", i), "SignatureVersion": fmt.Sprint(1 + i%2), "Subject": []any{nil, "s"}[i/2]}, nil)
			if resp := rc.post(t, body, "Content-Type", plainText); resp.StatusCode != http.StatusOK {
				t.Errorf("status %d: %v", resp.StatusCode, linesOf(rc.logs, "request refused"))
			}
		}()
	}
	all.Wait()
	if got := a.calls(); len(got) != 1 || got[0] != "GET sns.eu-north-1.amazonaws.com/SimpleNotificationService-0a1b.pem" {
		t.Errorf("asked %q", got)
	}
	for _, alter := range []map[string]any{{"Message": "other"}, {"MessageId": "other"}, {"Subject": "more"}, {"Type": "UnsubscribeConfirmation"}, {"Token": "more"}} {
		if resp := rc.post(t, a.message(t, nil, alter), "Content-Type", plainText); resp.StatusCode != http.StatusUnauthorized {
			t.Errorf("%v: status %d", alter, resp.StatusCode)
		}
	}
	stored := lines(t, rc.file)
	if len(stored) != 4 || !strings.Contains(stored[0], `"verification":"partial"`) {
		t.Fatalf("%d lines: %.300s", len(stored), stored)
	}

	// Caddyfile and JSON: the storage is the config's.
	config := filepath.Join(t.TempDir(), "Caddyfile")
	if err := os.WriteFile(config, []byte("{\nstorage file_system "+dir+"\n}\n:80 {\nwebhook_receiver {\nprovider aws_sns\naccount "+a.topic+"\n}\n}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	elsewhere := filepath.Join(t.TempDir(), "Caddyfile")
	if err := os.WriteFile(elsewhere, []byte("{\nstorage file_system "+t.TempDir()+"\n}\n:80 {\nwebhook_receiver {\nprovider aws_sns\naccount "+a.topic+"\n}\n}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, line := range stored {
		for file, want := range map[string]recheck.Verdict{config: recheck.Fits, elsewhere: recheck.Unchecked} {
			if got, reason := checkedBy(t, file, line); got != want {
				t.Errorf("verdict %d, want %d: %v", got, want, reason)
			}
		}
		forged := strings.Replace(line, "long ", "Long ", 1)
		if got, reason := checkedBy(t, config, forged); got != recheck.Misfits || forged == line {
			t.Errorf("verdict %d for what was altered: %v", got, reason)
		}
	}
	if n := len(a.calls()); n != 1 {
		t.Errorf("asked %d times", n)
	}
}

func checkedBy(t *testing.T, config, line string) (recheck.Verdict, error) {
	t.Helper()
	checker, err := checkerFor("", config, nil)
	if err != nil {
		t.Fatal(err)
	}
	kind, e, err := reader.Parse(reader.Line{Text: []byte(line)})
	if kind != reader.Stored {
		t.Fatalf("%s: %v", line, err)
	}
	return checker.Check(e)
}

// TestKeyIsNotToBeHad: while the certificate can't be had the answer is 503, never 401, in
// time, and nothing is stored.
func TestKeyIsNotToBeHad(t *testing.T) {
	for region, answer := range map[string]func(a *amazon, w http.ResponseWriter, r *http.Request){
		"eu-west-1": func(_ *amazon, w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) },
		"eu-west-2": func(_ *amazon, w http.ResponseWriter, r *http.Request) {
			select {
			case <-r.Context().Done():
			case <-time.After(3 * time.Second):
			}
		},
		"eu-west-3": func(_ *amazon, w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://evil.com/", http.StatusFound)
		},
		"eu-central-1": func(_ *amazon, w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "no certificate") },
	} {
		t.Run(region, func(t *testing.T) {
			a := newAmazon(t, region, answer)
			rc := newSNSReceiver(t, a, t.TempDir(), "timeout 1s")
			for range 5 {
				began := time.Now()
				resp := rc.post(t, a.message(t, nil, nil), "Content-Type", plainText)
				if resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Retry-After") == "" {
					t.Errorf("status %d", resp.StatusCode)
				}
				if took := time.Since(began); took > 2*time.Second {
					t.Errorf("it took %s", took)
				}
			}
			if got := a.calls(); len(got) != 1 {
				t.Errorf("asked %q", got)
			}
			if len(lines(t, rc.file)) > 0 {
				t.Error("it was stored")
			}
		})
	}
}

// TestConfirmation: a subscription is confirmed for a listed topic only, by the URL that
// SNS uses, and the confirmation is no event.
func TestConfirmation(t *testing.T) {
	fails := true
	a := newAmazon(t, "sa-east-1", func(a *amazon, w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/" && fails {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		answers(a, w, r)
	})
	rc := newSNSReceiver(t, a, t.TempDir(), "")
	asks := func(topic, host string) string {
		return a.message(t, map[string]any{
			"Type": "SubscriptionConfirmation", "Token": "t0", "TopicArn": topic, "Message": "You have chosen to subscribe",
			"SubscribeURL": "https://" + host + "/?Action=ConfirmSubscription&TopicArn=" + topic + "&Token=t0",
		}, nil)
	}
	for _, step := range []struct {
		name   string
		body   string
		fails  bool
		status int
		calls  int
	}{
		{"a topic that is not listed", asks(a.topic+"2", a.host), false, http.StatusUnauthorized, 0},
		{"another host", asks(a.topic, "evil.com"), false, http.StatusBadRequest, 1},
		{"SNS is down", asks(a.topic, a.host), true, http.StatusServiceUnavailable, 2},
		{"all right", asks(a.topic, a.host), false, http.StatusOK, 3},
	} {
		fails = step.fails
		if resp := rc.post(t, step.body, "Content-Type", plainText); resp.StatusCode != step.status {
			t.Errorf("%s: status %d", step.name, resp.StatusCode)
		}
		if got := a.calls(); len(got) != step.calls {
			t.Errorf("%s: asked %q", step.name, got)
		}
	}
	if got, want := a.calls()[2], "GET sns.sa-east-1.amazonaws.com/?Action=ConfirmSubscription&Token=t0&TopicArn=arn%3Aaws%3Asns%3Asa-east-1%3A123456789012%3Aorders"; got != want {
		t.Errorf("called %s", got)
	}
	if len(lines(t, rc.file)) > 0 {
		t.Error("it was stored")
	}
	if len(linesOf(rc.logs, "the subscription was confirmed")) != 1 {
		t.Error("it is not logged")
	}
}

// TestKeysFile: with keys in a file nothing is fetched, and no secret is needed.
func TestKeysFile(t *testing.T) {
	a := newAmazon(t, "ca-central-1", answers)
	dir := t.TempDir()
	write := func(name, text string) string {
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	rc := newReceiver(t, "provider aws_sns\naccount "+a.topic+"\nkeys "+write("sns.pem", newAmazon(t, "ca-west-1", answers).pem+"\n"+a.pem))
	if resp := rc.post(t, a.message(t, nil, nil), "Content-Type", plainText); resp.StatusCode != http.StatusOK {
		t.Errorf("status %d", resp.StatusCode)
	}
	if resp := rc.post(t, a.message(t, nil, map[string]any{"MessageId": "x"}), "Content-Type", plainText); resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("status %d", resp.StatusCode)
	}
	if got := a.calls(); len(got) > 0 {
		t.Errorf("asked %q", got)
	}
	for options, want := range map[string]string{
		"provider github\nsecret x\nkeys " + write("a.pem", a.pem):               "keys: no keys are fetched for provider github, so it uses none",
		"provider plaid\nsecret a:b\nkeys " + filepath.Join(dir, "a.pem"):        "take one of the two out",
		"provider aws_sns\naccount " + a.topic + "\nkeys " + dir + "/none":       "no such file",
		"provider aws_sns\naccount " + a.topic + "\nkeys " + write("empty", "x"): "there is no public key in it",
		"provider plaid\nkeys " + filepath.Join(dir, "a.pem"):                    "key number 1",
		"provider plaid\nsecret s3cret":                                          "is not of the form client_id:secret",
		"provider aws_sns\naccount orders":                                       "is not the ARN of a topic",
		"provider aws_sns":                                                       "account: provider aws_sns needs one",
		"provider ebay\nverify_token x\nsecret a:b":                              "public_url: provider ebay needs all of the URL",
		"provider ebay\nverify_token x\nsecret a:b\npublic_url https://a.com":    "public_url: provider ebay needs all of the URL",
		"provider paypal\nsecret x\naccount x":                                   "has public keys, so it uses none",
	} {
		if _, err := load(t, options); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: %v", options, err)
		}
	}
}

// asks is a finder that only takes down who asks.
type asks struct{ clients []string }

func (a *asks) Find(r *rules.Request) (string, error) {
	a.clients = append(a.clients, r.Client)
	return "", outcome.Busy(errors.New("no key"))
}

func (*asks) Remedy(*rules.Request) string { return "" }

// TestKeyIsOfAClient: keys are found for a client, as each network has its turn.
func TestKeyIsOfAClient(t *testing.T) {
	a := newAmazon(t, "me-south-1", answers)
	rc := newSNSReceiver(t, a, t.TempDir(), "")
	found := new(asks)
	rc.signature.Finder = found
	if resp := rc.post(t, a.message(t, nil, nil), "Content-Type", plainText); resp.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("status %d", resp.StatusCode)
	}
	if len(found.clients) != 1 || found.clients[0] != "127.0.0.1" {
		t.Errorf("asked for %q", found.clients)
	}
}
