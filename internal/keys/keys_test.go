package keys

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"path"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/event"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/outcome"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/rules"
)

// memory is storage.
type memory struct {
	mu    sync.Mutex
	files map[string][]byte
	fails bool
}

func (m *memory) Store(_ context.Context, key string, value []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.files == nil {
		m.files = map[string][]byte{}
	}
	m.files[key] = value
	return nil
}

func (m *memory) Load(_ context.Context, key string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if text, ok := m.files[key]; ok {
		return text, nil
	}
	return nil, fs.ErrNotExist
}

func (m *memory) List(_ context.Context, dir string, _ bool) (names []string, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fails {
		return nil, errors.New("storage is down")
	}
	for name := range m.files {
		if path.Dir(name) == dir {
			names = append(names, name)
		}
	}
	return names, nil
}

// hostsAre has all hosts be one server with TLS, for a test, and forgets what has been
// asked of them. It returns how often they were asked, and by which host.
func hostsAre(t *testing.T, answer http.HandlerFunc) (asked func() []string) {
	t.Helper()
	var mu sync.Mutex
	var all []string
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		all = append(all, r.Host)
		mu.Unlock()
		answer(w, r)
	}))
	t.Cleanup(server.Close)
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	before := Transport
	t.Cleanup(func() { Transport = before })
	Transport = func() http.RoundTripper {
		clone := before().(*http.Transport).Clone()
		clone.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, server.Listener.Addr().String())
		}
		clone.TLSClientConfig = &tls.Config{RootCAs: roots, ServerName: "example.com"} // of httptest's certificate
		return clone
	}
	forget()
	forgetKeys()
	return func() []string {
		mu.Lock()
		defer mu.Unlock()
		return append([]string(nil), all...)
	}
}

// forget forgets when which host was asked.
func forget() {
	hosts.mu.Lock()
	hosts.all = nil
	hosts.mu.Unlock()
}

// forgetKeys forgets the keys, as a restart does.
func forgetKeys() {
	caches.Range(func(name, _ any) bool { caches.Delete(name); return true })
}

func publicPEM(t *testing.T) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

// naming returns a request that is signed with eBay's key of that id.
func naming(t *testing.T, id string, wait time.Duration) *rules.Request {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, "/", nil)
	named, err := json.Marshal(map[string]string{"kid": id})
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-EBAY-SIGNATURE", base64.StdEncoding.EncodeToString(named))
	ctx, cancel := context.WithTimeout(context.Background(), wait)
	t.Cleanup(cancel)
	return &rules.Request{Request: r, Waits: ctx}
}

// ebayAnswers answers as eBay does, with the key.
func ebayAnswers(t *testing.T, key string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		id, secret, _ := r.BasicAuth()
		switch {
		case r.Method == http.MethodPost && r.URL.Path == "/identity/v1/oauth2/token" && id == "id" && secret == "s:e":
			if body, _ := io.ReadAll(r.Body); string(body) != "grant_type=client_credentials&scope=https%3A%2F%2Fapi.ebay.com%2Foauth%2Fapi_scope" {
				t.Errorf("form %s", body)
			}
			fmt.Fprint(w, `{"access_token":"t0","token_type":"Application Access Token"}`)
		case r.Method == http.MethodGet && strings.HasPrefix(r.URL.Path, "/commerce/notification/v1/public_key/") && r.Header.Get("Authorization") == "Bearer t0":
			answer, _ := json.Marshal(map[string]string{"algorithm": "ECDSA", "digest": "SHA1", "key": key})
			_, _ = w.Write(answer)
		default:
			w.WriteHeader(http.StatusForbidden)
		}
	}
}

// isPEM tells whether a key fits.
func isPEM(public string) error {
	if block, _ := pem.Decode([]byte(public)); block == nil {
		return errors.New("is no key")
	}
	return nil
}

func finder(m *memory, secrets ...string) *Finder {
	return NewFinder(EBay, isPEM, nil, secrets, func() Storage { return m })
}

// isBusy tells whether a key was not to be had: 503, never 401.
func isBusy(err error) bool {
	var refusal *outcome.Refusal
	return errors.As(err, &refusal) && refusal.Status == http.StatusServiceUnavailable && refusal.Outcome == outcome.Unavailable
}

// TestFind fetches a key once, for many requests, and uses it again from memory, and from
// the storage after a restart.
func TestFind(t *testing.T) {
	key := publicPEM(t)
	asked := hostsAre(t, ebayAnswers(t, key))
	m := new(memory)
	f := finder(m, "id:s:e")
	var all sync.WaitGroup
	for range 20 {
		r := naming(t, "k1", 5*time.Second)
		all.Add(1)
		go func() {
			defer all.Done()
			if got, err := f.Find(r); err != nil || got != key {
				t.Errorf("%q, %v", got, err)
			}
		}()
	}
	all.Wait()
	if got := asked(); len(got) != 2 || got[0] != "api.ebay.com" || got[1] != "api.ebay.com" {
		t.Errorf("asked %q", got)
	}
	forget()
	forgetKeys()
	if got, err := finder(m, "id:s:e").Find(naming(t, "k1", time.Second)); err != nil || got != key {
		t.Errorf("after a restart: %q, %v", got, err)
	}
	if got := asked(); len(got) != 2 {
		t.Errorf("asked %q", got)
	}
	if stored := Stored(context.Background(), m, EBay); len(stored) != 1 || stored[0] != key {
		t.Errorf("stored: %q", stored)
	}
	if strings.Contains(fmt.Sprintf("%s", m.files), "s:e") {
		t.Error("the secret is stored")
	}
}

// TestSandbox asks the sandbox for those secrets that are the sandbox's.
func TestSandbox(t *testing.T) {
	key := publicPEM(t)
	asked := hostsAre(t, ebayAnswers(t, key))
	m := new(memory)
	if got, err := finder(m, "other:x", "sandbox:id:s:e").Find(naming(t, "k1", 5*time.Second)); err != nil || got != key {
		t.Errorf("%q, %v", got, err)
	}
	if got := fmt.Sprint(asked()); got != "[api.ebay.com api.sandbox.ebay.com api.sandbox.ebay.com]" {
		t.Errorf("asked %s", got)
	}
	// Once it is known nobody else is asked for it, after a restart too.
	for range 2 {
		forget()
		if got, err := finder(m, "other:x", "sandbox:id:s:e").Find(naming(t, "k1", 5*time.Second)); err != nil || got != key || len(asked()) != 3 {
			t.Errorf("%q, %v, asked %s", got, err, asked())
		}
		forgetKeys()
	}
}

// TestFlood: however many ids are made up, a host is asked once in ten seconds, and a good
// key stays.
func TestFlood(t *testing.T) {
	key := publicPEM(t)
	var fails atomic.Bool
	asked := hostsAre(t, func(w http.ResponseWriter, r *http.Request) {
		if fails.Load() {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		ebayAnswers(t, key)(w, r)
	})
	f := finder(new(memory), "id:s:e")
	if _, err := f.Find(naming(t, "good", 5*time.Second)); err != nil {
		t.Fatal(err)
	}
	forget()
	fails.Store(true)
	before := len(asked())
	for i := range 500 {
		if _, err := f.Find(naming(t, fmt.Sprintf("made-up-%d", i), 5*time.Second)); !isBusy(err) {
			t.Fatalf("%v", err)
		}
	}
	if n := len(asked()) - before; n != 1 {
		t.Errorf("asked %d times", n)
	}
	if got, err := f.Find(naming(t, "good", time.Second)); err != nil || got != key {
		t.Errorf("%q, %v", got, err)
	}
	if n := len(f.known); n != 1 {
		t.Errorf("%d keys are remembered", n)
	}
	// Later another one is had, of a network that has made none up, whatever is made up.
	fails.Store(false)
	isMine := false
	for i := 0; i < 200 && !isMine; i++ {
		hosts.of("api.ebay.com").began = time.Now().Add(-between)
		for j := range 20 {
			_, _ = f.Find(naming(t, fmt.Sprintf("new-%d-%d", i, j), 5*time.Second))
		}
		rotated := naming(t, "rotated", 5*time.Second)
		rotated.Client = "192.0.2.1"
		got, err := f.Find(rotated)
		isMine = err == nil && got == key
	}
	if !isMine {
		t.Error("a flood keeps others' keys from being fetched")
	}
	if n := len(hosts.of("api.ebay.com").wanted); n > 2 {
		t.Errorf("%d wishes are remembered", n)
	}
}

// TestWishes: they are bounded, and one of each network.
func TestWishes(t *testing.T) {
	h := new(host)
	for i := range 1000 {
		h.wish(networkOf(fmt.Sprintf("10.%d.%d.1", i/256, i%256)), keyName{ID: fmt.Sprint(i)}, nil)
		h.wish(networkOf(fmt.Sprintf("2001:db8:%x::1", i%2)), keyName{ID: fmt.Sprint(i)}, nil)
	}
	if n := len(h.wanted); n != maxWanted {
		t.Errorf("%d are remembered", n)
	}
	for network, w := range h.wanted {
		w.at = w.at.Add(-wishFor)
		h.wanted[network] = w
	}
	h.wish("new", keyName{ID: "new"}, nil)
	if chosen := h.choose(); chosen.key.ID != "new" || len(h.wanted) > 0 {
		t.Errorf("%s is chosen, and %d are remembered", chosen.key.ID, len(h.wanted))
	}
	for client, want := range map[string]string{
		"192.0.2.77": "192.0.2.0/24", "::ffff:192.0.2.77": "192.0.2.0/24", "2001:db8:1:2::3": "2001:db8:1::/48", "fe80::1%eth0": "fe80::/48", "": "", "x": "",
	} {
		if got := networkOf(client); got != want {
			t.Errorf("%s: %s", client, got)
		}
	}
}

// TestSecrets: while a secret is being changed, either is tried.
func TestSecrets(t *testing.T) {
	key := publicPEM(t)
	hostsAre(t, ebayAnswers(t, key))
	if got, err := finder(new(memory), "old:one", "id:s:e").Find(naming(t, "k1", 5*time.Second)); err != nil || got != key {
		t.Errorf("%q, %v", got, err)
	}
}

// TestNoKey: an answer that is no key that fits is 503, and is neither kept nor stored; nor
// is one used that is stored all the same.
func TestNoKey(t *testing.T) {
	hostsAre(t, ebayAnswers(t, "no key"))
	m := new(memory)
	f := finder(m, "id:s:e")
	if _, err := f.Find(naming(t, "k1", 5*time.Second)); !isBusy(err) || len(m.files) > 0 || len(f.known) > 0 {
		t.Errorf("%v, stored %s", err, m.files)
	}
	for _, r := range []record{
		{Host: "api.ebay.com", ID: "k1", Fetched: time.Now(), Public: "no key"},
		{Host: "api.ebay.com", ID: "k1", Fetched: time.Now().Add(2 * usable), Public: publicPEM(t)},
	} {
		forgetKeys()
		text, _ := json.Marshal(r)
		m.files = map[string][]byte{r.file(EBay): text}
		if _, err := finder(m, "id:s:e").Find(naming(t, "k1", 5*time.Second)); !isBusy(err) {
			t.Errorf("%+v: %v", r, err)
		}
	}
}

// TestReceiversShare: what one receiver has fetched another one has.
func TestReceiversShare(t *testing.T) {
	key := publicPEM(t)
	hostsAre(t, ebayAnswers(t, key))
	for range 2 {
		if got, err := finder(new(memory), "id:s:e").Find(naming(t, "k1", 5*time.Second)); err != nil || got != key {
			t.Errorf("%q, %v", got, err)
		}
	}
}

// hanging is storage that does not answer while it hangs.
type hanging struct {
	memory
	release chan struct{}
}

func (h *hanging) Store(ctx context.Context, key string, value []byte) error {
	<-h.release
	return h.memory.Store(ctx, key, value)
}

func (h *hanging) List(ctx context.Context, dir string, isRecursive bool) ([]string, error) {
	<-h.release
	return h.memory.List(ctx, dir, isRecursive)
}

// TestStorageHangs: storage that hangs holds no request up for longer than it waits, and no
// other key. What is stored is read although the request that needed it first has gone.
func TestStorageHangs(t *testing.T) {
	key := publicPEM(t)
	hostsAre(t, ebayAnswers(t, key))
	s := &hanging{release: make(chan struct{})}
	f := NewFinder(EBay, isPEM, nil, []string{"id:s:e"}, func() Storage { return s })
	r := record{Host: "api.ebay.com", ID: "stored", Fetched: time.Now(), Public: key}
	text, _ := json.Marshal(r)
	s.files = map[string][]byte{r.file(EBay): text}
	began := time.Now()
	var all sync.WaitGroup
	for range 2 {
		r := naming(t, "k1", 100*time.Millisecond)
		all.Add(1)
		go func() {
			defer all.Done()
			if _, err := f.Find(r); err != nil && !isBusy(err) {
				t.Errorf("%v", err)
			}
		}()
	}
	all.Wait()
	if took := time.Since(began); took > time.Second {
		t.Errorf("it took %s", took)
	}
	close(s.release)
	for _, id := range []string{"stored", "k1"} {
		if got, err := f.Find(naming(t, id, 5*time.Second)); err != nil || got != key {
			t.Errorf("%s: %q, %v", id, got, err)
		}
	}
}

// TestStoreHangs: a key that is fetched is used even if it can't be stored.
func TestStoreHangs(t *testing.T) {
	key := publicPEM(t)
	hostsAre(t, ebayAnswers(t, key))
	s := &hanging{release: make(chan struct{})}
	defer close(s.release)
	f := NewFinder(EBay, isPEM, nil, []string{"id:s:e"}, func() Storage { return s })
	f.loading = make(chan struct{})
	close(f.loading)
	began := time.Now()
	if got, err := f.Find(naming(t, "k1", 20*time.Second)); err != nil || got != key || time.Since(began) > 4*time.Second {
		t.Errorf("%q, %v, after %s", got, err, time.Since(began))
	}
}

// TestStorageFails: what is stored is read again where that has failed.
func TestStorageFails(t *testing.T) {
	key := publicPEM(t)
	hostsAre(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) })
	m := &memory{fails: true}
	f := finder(m, "id:s:e")
	if _, err := f.Find(naming(t, "k1", 5*time.Second)); !isBusy(err) {
		t.Errorf("%v", err)
	}
	r := record{Host: "api.ebay.com", ID: "k1", Fetched: time.Now(), Public: key}
	text, _ := json.Marshal(r)
	m.fails, m.files = false, map[string][]byte{r.file(EBay): text}
	f.mu.Lock()
	f.failed = time.Now().Add(-between)
	f.mu.Unlock()
	if got, err := f.Find(naming(t, "k1", 5*time.Second)); err != nil || got != key {
		t.Errorf("%q, %v", got, err)
	}
}

// TestFetchFails: what is no key is 503, whatever the host does, and soon enough.
func TestFetchFails(t *testing.T) {
	other := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a redirect was followed") }))
	defer other.Close()
	release := make(chan struct{})
	defer close(release)
	for name, answer := range map[string]http.HandlerFunc{
		"a redirect":       func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, other.URL, http.StatusFound) },
		"an error":         func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) },
		"no JSON":          func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>") },
		"empty":            func(http.ResponseWriter, *http.Request) {},
		"endless":          func(w http.ResponseWriter, _ *http.Request) { _, _ = io.Copy(w, endless{}) },
		"slow":             func(_ http.ResponseWriter, r *http.Request) { <-release },
		"a header too big": func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X", strings.Repeat("x", maxAnswer)) },
	} {
		t.Run(name, func(t *testing.T) {
			asked := hostsAre(t, func(w http.ResponseWriter, r *http.Request) {
				if name == "slow" {
					select { // the server waits for its handlers
					case <-release:
					case <-r.Context().Done():
					case <-time.After(2 * time.Second):
					}
					return
				}
				answer(w, r)
			})
			began := time.Now()
			wait := 5 * time.Second
			if name == "slow" {
				wait = 300 * time.Millisecond
			}
			_, err := finder(new(memory), "id:s:e").Find(naming(t, "k1", wait))
			if n := len(asked()); n != 1 {
				t.Errorf("asked %d times", n)
			}
			if name == "endless" && (err == nil || !strings.Contains(err.Error(), "longer than 65536 bytes")) {
				t.Errorf("%v", err)
			}
			if !isBusy(err) || strings.Contains(err.Error(), "s:e") || strings.Contains(err.Error(), "https://") {
				t.Errorf("%v", err)
			}
			if took := time.Since(began); took > time.Second {
				t.Errorf("it took %s", took)
			}
		})
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

// TestTLS: a host whose certificate is not right gives no key.
func TestTLS(t *testing.T) {
	asked := hostsAre(t, ebayAnswers(t, publicPEM(t)))
	trusting := Transport
	Transport = func() http.RoundTripper {
		clone := trusting().(*http.Transport)
		clone.TLSClientConfig = nil
		return clone
	}
	if _, err := finder(new(memory), "id:s:e").Find(naming(t, "k1", 5*time.Second)); !isBusy(err) {
		t.Errorf("%v", err)
	}
	if len(asked()) > 0 {
		t.Error("the host was asked")
	}
}

// TestRefresh: after a day a key is asked for again; it is used on for a week where that
// fails, and no longer once it is revoked.
func TestRefresh(t *testing.T) {
	key := publicPEM(t)
	status := atomic.Int32{}
	status.Store(http.StatusOK)
	asked := hostsAre(t, func(w http.ResponseWriter, r *http.Request) {
		var sent map[string]string
		if r.URL.Path != "/webhook_verification_key/get" || json.NewDecoder(r.Body).Decode(&sent) != nil || sent["client_id"] != "id" || sent["secret"] != "x" || sent["key_id"] != "k1" {
			t.Errorf("%s %s", r.URL, sent)
		}
		if status.Load() == http.StatusGone {
			fmt.Fprint(w, `{"key":{"alg":"ES256","kid":"k1","kty":"EC","expired_at":1767225600}}`)
			return
		}
		w.WriteHeader(int(status.Load()))
		fmt.Fprint(w, `{"key":{"alg":"ES256","kid":"k1","kty":"EC","expired_at":null}}`)
	})
	m := new(memory)
	f := NewFinder(Plaid, func(string) error { return nil }, nil, []string{"id:x"}, func() Storage { return m })
	find := func(age time.Duration) error {
		forget()
		f.mu.Lock()
		for place, r := range f.known {
			r.Fetched = time.Now().Add(-age)
			f.known[place] = r
		}
		f.mu.Unlock()
		r := httptest.NewRequest(http.MethodPost, "/", nil)
		r.Header.Set("Plaid-Verification", base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"ES256","kid":"k1"}`))+".e30.AA")
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_, err := f.Find(&rules.Request{Request: r, Waits: ctx})
		return err
	}
	_ = key
	for _, step := range []struct {
		status  int
		age     time.Duration
		isThere bool
		asked   int
	}{
		{http.StatusOK, 0, true, 1},
		{http.StatusOK, 23 * time.Hour, true, 1},
		{http.StatusInternalServerError, 25 * time.Hour, true, 2},
		{http.StatusInternalServerError, 8 * 24 * time.Hour, false, 3},
		{http.StatusOK, 8 * 24 * time.Hour, true, 4},
		{http.StatusGone, 25 * time.Hour, false, 5},
		{http.StatusOK, time.Hour, false, 5},
	} {
		status.Store(int32(step.status))
		if err := find(step.age); (err == nil) != step.isThere || err != nil && !isBusy(err) {
			t.Errorf("%+v: %v", step, err)
		}
		if n := len(asked()); n != step.asked {
			t.Errorf("%+v: asked %d times", step, n)
		}
	}
	if stored := Stored(context.Background(), m, Plaid); len(stored) != 1 {
		t.Errorf("what was signed with a revoked key can't be checked again: %q", stored)
	}
}

const topic = "arn:aws:sns:us-west-2:123456789012:MyTopic"

func snsMessage(t *testing.T, alter func(m map[string]string)) *rules.Request {
	t.Helper()
	m := map[string]string{
		"Type": "SubscriptionConfirmation", "SignatureVersion": "2", "TopicArn": topic, "Token": "t0",
		"SigningCertURL": "https://sns.us-west-2.amazonaws.com/SimpleNotificationService-f3ec.pem",
		"SubscribeURL":   "https://sns.us-west-2.amazonaws.com/?Action=ConfirmSubscription&TopicArn=" + topic + "&Token=t0",
	}
	alter(m)
	body, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	e := new(event.Event)
	if err := event.SetData(e, body, "text/plain", event.AcceptJSON); err != nil {
		t.Fatal(err)
	}
	return &rules.Request{Request: httptest.NewRequest(http.MethodPost, "/", nil), Event: e}
}

// strange are URLs of which none may be called.
var strange = []string{
	"http://sns.us-west-2.amazonaws.com/a.pem", "https://sns.us-east-1.amazonaws.com/a.pem", "https://sns.us-west-2.amazonaws.com.evil.com/a.pem",
	"https://evil.com/sns.us-west-2.amazonaws.com/a.pem", "https://sns.us-west-2.amazonaws.com@evil.com/a.pem", "https://x@sns.us-west-2.amazonaws.com/a.pem",
	"https://sns.us-west-2.amazonaws.com:8443/a.pem", "https://sns.us-west-2.amazonaws.com:443/a.pem", "https://sns.us-west-2.amazonaws.com/x/a.pem",
	"https://sns.us-west-2.amazonaws.com/../a.pem", "https://sns.us-west-2.amazonaws.com//a.pem", "https://sns.us-west-2.amazonaws.com/a.pem?x", "https://sns.us-west-2.amazonaws.com/a.pem#x",
	"https://sns.us-west-2.amazonaws.com\\@evil.com/a.pem", "https://sns.us-west-2.amazonaws.com\n/a.pem", "https://sns.us-west-2.amazonaws.com/a.pem\n", " https://sns.us-west-2.amazonaws.com/a.pem",
	"https://sns.us-west-2.amazonaws。com/a.pem", "https://ѕns.us-west-2.amazonaws.com/a.pem", "https://sns.us-west-2.amazonaws.com/%2e%2e/a.pem", "https://SNS.us-west-2.amazonaws.com/a.pem",
	"https://evil.s3.amazonaws.com/a.pem", "https://sns-us-west-2.amazonaws.com/a.pem", "https://sns.us-west-2.amazonaws.com", "sns.us-west-2.amazonaws.com/a.pem", "//sns.us-west-2.amazonaws.com/a.pem",
	"https://sns.us-west-2.amazonaws.com.cn/a.pem", "file:///a.pem", "",
}

func TestSNS(t *testing.T) {
	accounts := []string{topic}
	places, err := SNS.Locate(snsMessage(t, func(map[string]string) {}), accounts, nil)
	if err != nil || len(places) != 1 || places[0].Host != "sns.us-west-2.amazonaws.com" || places[0].ID != "SimpleNotificationService-f3ec.pem" {
		t.Errorf("%+v, %v", places, err)
	}
	for _, url := range strange {
		if places, err := SNS.Locate(snsMessage(t, func(m map[string]string) { m["SigningCertURL"] = url }), accounts, nil); err == nil || isBusy(err) {
			t.Errorf("%q: %+v", url, places)
		}
		if called, err := SNS.(Confirmer).Confirms(snsMessage(t, func(m map[string]string) { m["SubscribeURL"] = url }), accounts); err == nil {
			t.Errorf("%q: %s", url, called)
		}
		other := strings.Replace(url, "/a.pem", "/?Action=ConfirmSubscription&TopicArn="+topic+"&Token=t0", 1)
		if strings.Contains(other, "?x") || strings.Contains(other, "//?") {
			continue
		}
		if called, err := SNS.(Confirmer).Confirms(snsMessage(t, func(m map[string]string) { m["SubscribeURL"] = other }), accounts); err == nil && !strings.HasSuffix(url, "\n") {
			t.Errorf("%q: %s", other, called)
		}
	}
	for _, version := range []string{"", "0", "3", "1.0"} {
		r := snsMessage(t, func(m map[string]string) { m["SignatureVersion"] = version })
		if _, err := SNS.Locate(r, accounts, nil); err == nil {
			t.Errorf("version %q is taken", version)
		}
	}
	if remedy := SNS.Remedy(snsMessage(t, func(m map[string]string) { m["SignatureVersion"] = "3" })); !strings.Contains(remedy, "SignatureVersion") {
		t.Errorf("remedy %s", remedy)
	}
	for _, query := range []string{
		"Action=Unsubscribe&TopicArn=" + topic + "&Token=t0", "Action=ConfirmSubscription&TopicArn=" + topic + "x&Token=t0", "Action=ConfirmSubscription&TopicArn=" + topic + "&Token=t1",
		"Action=ConfirmSubscription&TopicArn=" + topic, "Action=ConfirmSubscription&Action=Unsubscribe&TopicArn=" + topic + "&Token=t0", "Action=ConfirmSubscription&TopicArn=" + topic + "&Token=t0&x=y",
	} {
		r := snsMessage(t, func(m map[string]string) { m["SubscribeURL"] = "https://sns.us-west-2.amazonaws.com/?" + query })
		if called, err := SNS.(Confirmer).Confirms(r, accounts); err == nil {
			t.Errorf("%s: %s", query, called)
		}
	}
	r := snsMessage(t, func(map[string]string) {})
	if called, err := SNS.(Confirmer).Confirms(r, []string{topic + "2"}); err == nil {
		t.Errorf("a topic that is not listed: %s", called)
	}
	if called, err := SNS.(Confirmer).Confirms(r, accounts); err != nil || called != "https://sns.us-west-2.amazonaws.com/?Action=ConfirmSubscription&Token=t0&TopicArn=arn%3Aaws%3Asns%3Aus-west-2%3A123456789012%3AMyTopic" {
		t.Errorf("%s, %v", called, err)
	}
	for topic, want := range map[string]string{
		"arn:aws-cn:sns:cn-north-1:123456789012:t":         "sns.cn-north-1.amazonaws.com.cn",
		"arn:aws-us-gov:sns:us-gov-west-1:123456789012:t":  "sns.us-gov-west-1.amazonaws.com",
		"arn:aws:sns:ap-southeast-2:123456789012:t":        "sns.ap-southeast-2.amazonaws.com",
		"arn:aws:sns:evil.com/:123456789012:t":             "",
		"arn:aws:sqs:us-west-2:123456789012:t":             "",
		"arn:aws:sns:us-west-2:123456789012:t\n":           "",
		"arn:aws:sns:us-west-2:123456789012:t:with-sub-id": "",
	} {
		if host, _ := snsHost(topic); host != want {
			t.Errorf("%q: %s", topic, host)
		}
	}
}

func TestPayPal(t *testing.T) {
	for url, host := range map[string]string{
		"https://api.paypal.com/v1/notifications/certs/CERT-360caa42-fca2a594-a5cafa77":           "api.paypal.com",
		"https://api.sandbox.paypal.com/v1/notifications/certs/CERT-360caa42-fca2a594-a5cafa77":   "api.sandbox.paypal.com",
		"https://api-m.paypal.com/v1/notifications/certs/CERT-360caa42":                           "api-m.paypal.com",
		"https://api.paypal.com/v1/notifications/certs/../../x/CERT-1":                            "",
		"https://api.paypal.com/v1/notifications/certs/CERT-1/../x":                               "",
		"https://api.paypal.com/v1/notifications/certs/CERT-1?x":                                  "",
		"https://www.paypal.com/v1/notifications/certs/CERT-1":                                    "",
		"https://api.paypal.com.evil.com/v1/notifications/certs/CERT-1":                           "",
		"https://api.paypal.com@evil.com/v1/notifications/certs/CERT-1":                           "",
		"https://api.paypal.com:444/v1/notifications/certs/CERT-1":                                "",
		"http://api.paypal.com/v1/notifications/certs/CERT-1":                                     "",
		"https://evilapi.paypal.com/v1/notifications/certs/CERT-1":                                "",
		"https://apiXpaypal.com/v1/notifications/certs/CERT-1":                                    "",
		"https://evil.com/https://api.paypal.com/v1/notifications/certs/CERT-1":                   "",
		"https://api.paypal.com/v1/notifications/certs/CERT-" + strings.Repeat("1", 101):          "",
		"https://api.paypal.com/v1/notifications/certs/CERT-1\nhttps://evil.com/CERT-1":           "",
		"https://api.sandbox.sandbox.paypal.com/v1/notifications/certs/CERT-360caa42-fca2a594-a5": "",
	} {
		r := httptest.NewRequest(http.MethodPost, "/", nil)
		r.Header["Paypal-Cert-Url"] = []string{url}
		places, err := PayPal.Locate(&rules.Request{Request: r}, nil, nil)
		if host == "" && err == nil || host != "" && (err != nil || places[0].Host != host || "https://"+host+"/"+places[0].ID != url) {
			t.Errorf("%q: %+v, %v", url, places, err)
		}
	}
}

// TestKeyIDs: an id can't lead anywhere else.
func TestKeyIDs(t *testing.T) {
	for _, id := range []string{"", "../x", "a/b", "a?b", "a#b", "a%2fb", "a b", "a\n", strings.Repeat("a", 101), "ä"} {
		if places, err := EBay.Locate(naming(t, id, time.Second), nil, []string{"id:x"}); err == nil {
			t.Errorf("%q: %+v", id, places)
		}
		r := httptest.NewRequest(http.MethodPost, "/", nil)
		header, _ := json.Marshal(map[string]string{"alg": "ES256", "kid": id})
		r.Header.Set("Plaid-Verification", base64.RawURLEncoding.EncodeToString(header)+".e30.AA")
		if places, err := Plaid.Locate(&rules.Request{Request: r}, nil, []string{"id:x"}); err == nil {
			t.Errorf("%q: %+v", id, places)
		}
	}
	for _, secret := range []string{"", ":", "a", "a:", ":b", "sandbox:a", "sandbox:a:"} {
		if Plaid.CheckSecret(secret) == nil || EBay.CheckSecret(secret) == nil {
			t.Errorf("%q is a secret", secret)
		}
	}
}
