package provider_test

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	_ "github.com/caddyserver/caddy/v2/modules/filestorage"

	webhookreceiver "github.com/caddy-webhook-receiver/caddy-webhook-receiver"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/event"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/provider"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/rules"
)

// vector is a request as a provider sends it, whose signature somebody else has
// made or accepted.
type vector struct {
	provider string // set by add
	by       string // who made the signature, or accepted it
	secret   string
	token    string   // verify token; "": sesame, where there is one
	at       int64    // when it was signed, Unix time; 0: it says no time
	url      string   // public_url
	target   string   // path and query of the request; "": /webhooks
	headers  []string // names and values
	body     string

	id, kind, subject string // "": a UUID, webhook, and none

	account          string        // that the option of the name takes
	says             string        // verification; "": signature
	late             time.Duration // how late it may come, where there is a signed time
	early            time.Duration // how early, or unlimited
	status           int           // of the answer; 0: 200
	answer           string        // its body
	dataType         string        // media type of the data; "": not looked at
	answerType, echo string        // its Content-Type, and the header that is repeated in it
	nonce            bool          // whether a nonce counts once
	second           string        // another body that has the signature of the first one; "": any
	refused          int           // status of the answer to one that is not signed right; 0: 401
}

// unlimited is early for a time that may lie ahead as far as it will.
const unlimited = -1

const (
	byDocuments = "the example in the provider's documents"
	bySpec      = "the example in the specification"
	// Computed with Node's crypto from what the documents say in words, as no
	// example or library of the provider's was to be found.
	byWords = "the words of the provider's documents"
	byToken = "no signature: the secret itself"
)

// Keys of RFC 8032, section 7.1, test 1.
const (
	rfc8032Hex    = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
	rfc8032Base64 = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
)

const newYear = 1767225600 // 2026-01-01T00:00:00Z

// handshakeURL is the public_url where the answer is made of it.
const handshakeURL = "https://hooks.example.com/webhooks"

// handshake is a verification request, and its answer.
type handshake struct {
	secret  string // "": none
	request delivery
	status  int
	body    string
	headers []string // of the answer: names and values
}

// What the files beside the rows have.
var (
	vectors    []vector // of every provider that signs, at least one
	handshakes = map[string][]handshake{}
)

func add(provider string, all []vector) bool {
	for _, v := range all {
		v.provider = provider
		vectors = append(vectors, v)
	}
	return true
}

func verifies(provider string, all []handshake) bool {
	handshakes[provider] = all
	return true
}

// now is when handshakes are signed.
var (
	now     = time.Now()
	unixNow = fmt.Sprint(now.Unix())
)

// delivery is a request to be sent, which attacks alter.
type delivery struct {
	method, path, body string
	headers            http.Header
}

func requestOf(method, path, body string, headers ...string) delivery {
	d := delivery{method: method, path: path, body: body, headers: http.Header{}}
	for i := 0; i+1 < len(headers); i += 2 {
		d.headers.Set(headers[i], headers[i+1])
	}
	return d
}

func get(query string, headers ...string) delivery {
	return requestOf(http.MethodGet, "/?"+query, "", headers...)
}

func post(query, body string, headers ...string) delivery {
	return requestOf(http.MethodPost, "/?"+query, body, headers...)
}

func (v vector) delivery() delivery {
	d := delivery{method: http.MethodPost, path: "/webhooks", body: v.body, headers: http.Header{}}
	if v.target != "" {
		d.path = v.target
	}
	for i := 0; i+1 < len(v.headers); i += 2 {
		d.headers.Add(v.headers[i], v.headers[i+1])
	}
	return d
}

// row returns the provider's row, and the options with which it is used.
func (v vector) row(t *testing.T) (p provider.Row, options string) {
	t.Helper()
	p, err := provider.Named(v.provider)
	if err != nil {
		t.Fatal(err)
	}
	options = "provider " + p.Name
	if p.UsesToken() {
		options += fmt.Sprintf("\nverify_token %q", v.verifyToken())
	}
	if v.account != "" {
		options += fmt.Sprintf("\naccount %q", v.account)
	}
	if p.Accept == event.AcceptJSON && !json.Valid([]byte(v.decoded())) {
		options += "\naccept any"
	}
	return p, options
}

// verifyToken returns the vector's, or that of all others.
func (v vector) verifyToken() string { return cmp.Or(v.token, "sesame") }

// keys returns what the vector's receiver shares with its sender.
func (v vector) keys() rules.Keys {
	keys := rules.Keys{Secrets: []string{v.secret}, Tokens: []string{v.verifyToken()}}
	if v.account != "" {
		keys.Accounts = []string{v.account}
	}
	return keys
}

// receiver is for the vector's provider, and at the vector's time.
func (v vector) receiver(t *testing.T, options string) *receiver {
	t.Helper()
	if p, _ := provider.Named(v.provider); p.Keys != nil {
		options += fmt.Sprintf("\nkeys %q", keysFile(t, v.secret))
	} else if v.secret != "" {
		options += fmt.Sprintf("\nsecret %q", v.secret)
	}
	if v.url != "" {
		options += fmt.Sprintf("\npublic_url %q", v.url)
	}
	rc := newReceiver(t, options)
	setTime(t, time.Unix(v.at, 0))
	return rc
}

// keysFile returns the name of a file with a service's public key.
func keysFile(t *testing.T, public string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "keys.pem")
	if err := os.WriteFile(name, []byte(public), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// setTime sets the time for the rest of the test.
func setTime(t *testing.T, at time.Time) {
	rules.Now = func() time.Time { return at }
	t.Cleanup(func() { rules.Now = time.Now })
}

// receiver is a receiver behind a real listener, which stores in memory.
type receiver struct {
	*httptest.Server
	handler *webhookreceiver.Handler

	mu      sync.Mutex
	stored  []attributes // of events
	lines   [][]byte     // of events
	reasons []string     // why requests were refused
}

// newReceiver serves a handler with the given Caddyfile options.
func newReceiver(t *testing.T, options string) *receiver {
	t.Helper()
	var adapted webhookreceiver.Handler
	if err := adapted.UnmarshalCaddyfile(caddyfile.NewTestDispenser("webhook_receiver {\n" + options + "\n}")); err != nil {
		t.Fatal(err)
	}
	written, err := json.Marshal(adapted)
	if err != nil {
		t.Fatal(err)
	}
	var config map[string]any
	if err := json.Unmarshal(written, &config); err != nil {
		t.Fatal(err)
	}
	rc, err := loadReceiver(t, config)
	if err != nil {
		t.Fatal(err)
	}
	return rc
}

// loadReceiver serves a handler with that config.
func loadReceiver(t *testing.T, config map[string]any) (*receiver, error) {
	t.Helper()
	rc := new(receiver)
	receivers.Store(t.Name(), rc)
	config["outputs"] = []map[string]string{{"output": "test", "name": t.Name()}}
	raw, err := json.Marshal(config)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := caddy.NewContext(withStorage())
	h, err := ctx.LoadModuleByID("http.handlers.webhook_receiver", raw)
	if err != nil {
		cancel()
		return nil, err
	}
	t.Cleanup(cancel)
	rc.handler = h.(*webhookreceiver.Handler)
	rc.Server = httptest.NewServer(rc)
	t.Cleanup(rc.Server.Close)
	return rc, nil
}

// withStorage returns the context of a config that has a storage, in which nothing is.
var withStorage = sync.OnceValue(func() caddy.Context {
	ctx, err := caddy.ProvisionContext(&caddy.Config{StorageRaw: json.RawMessage(`{"module":"file_system","root":"testdata/nothing"}`)})
	if err != nil {
		panic(err)
	}
	return ctx
})

// ServeHTTP does what Caddy's server does around a handler.
func (rc *receiver) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r = caddyhttp.PrepareRequest(r, caddy.NewReplacer(), w, &caddyhttp.Server{})
	err := rc.handler.ServeHTTP(w, r, nil)
	var answer caddyhttp.HandlerError
	if errors.As(err, &answer) {
		rc.mu.Lock()
		rc.reasons = append(rc.reasons, fmt.Sprint(answer.Err))
		rc.mu.Unlock()
		w.WriteHeader(answer.StatusCode)
	} else if err != nil {
		panic(err)
	}
}

func (rc *receiver) send(t *testing.T, d delivery) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequest(d.method, rc.URL+d.path, strings.NewReader(d.body))
	if err != nil {
		t.Fatal(err)
	}
	if d.headers != nil {
		req.Header = d.headers
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(body)
}

// refuses sends what must not become an event.
func (rc *receiver) refuses(t *testing.T, d delivery, status ...int) {
	t.Helper()
	before := len(rc.events())
	if resp, _ := rc.send(t, d); !slices.Contains(status, resp.StatusCode) {
		t.Errorf("status %d, want %d", resp.StatusCode, status)
	}
	if len(rc.events()) != before {
		t.Error("it was stored")
	}
}

// attributes are those of an event.
type attributes struct{ id, kind, subject string }

func (rc *receiver) events() []attributes {
	rc.mu.Lock()
	defer rc.mu.Unlock()
	return rc.stored
}

// receivers has the receivers by the names of the tests that have begun them.
var receivers sync.Map

func init() {
	caddy.RegisterModule(testOutput{})
}

// testOutput stores in the receiver's memory.
type testOutput struct {
	Name string `json:"name,omitempty"`
}

func (testOutput) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "http.webhook_receiver.outputs.test",
		New: func() caddy.Module { return new(testOutput) },
	}
}

func (o *testOutput) Store(_ context.Context, e *webhookreceiver.Event) error {
	found, _ := receivers.Load(o.Name)
	rc := found.(*receiver)
	rc.mu.Lock()
	defer rc.mu.Unlock()
	rc.stored = append(rc.stored, attributes{e.ID, e.Type, e.Subject})
	rc.lines = append(rc.lines, e.AppendJSON(nil))
	return nil
}

func (*testOutput) Durable() bool { return true }

func escape(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		fmt.Fprintf(&b, "%%%02X", c)
	}
	return b.String()
}

func hmacOf(key, text string) []byte {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(text))
	return mac.Sum(nil)
}

func hexMAC(key, text string) string { return hex.EncodeToString(hmacOf(key, text)) }
