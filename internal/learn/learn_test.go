package learn

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/certmagic"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/outcome"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/rules"
)

const (
	own    = "the secret of the config"
	first  = "the-first-secret-that-comes"
	second = "the-second-secret-that-comes"
	third  = "the-third-secret-that-comes"
)

// faulty is a storage that can fail.
type faulty struct {
	certmagic.Storage
	stores, lists error
	storing       func()
}

func (f *faulty) Store(ctx context.Context, key string, value []byte) error {
	if f.storing != nil {
		f.storing()
	}
	if f.stores != nil {
		return f.stores
	}
	return f.Storage.Store(ctx, key, value)
}

func (f *faulty) List(ctx context.Context, path string, recursive bool) ([]string, error) {
	if f.lists != nil {
		return nil, f.lists
	}
	return f.Storage.List(ctx, path, recursive)
}

// newSecrets returns those of a receiver of the test's own, its storage, and what moves the clock.
func newSecrets(t *testing.T) (s *Secrets, storage *faulty, wait func(time.Duration)) {
	t.Helper()
	at := time.Now()
	now = func() time.Time { return at }
	t.Cleanup(func() { now = time.Now })
	storage = &faulty{Storage: &certmagic.FileStorage{Path: t.TempDir()}}
	return another(t, strings.ToLower(t.Name()), "asana", storage), storage, func(d time.Duration) { at = at.Add(d) }
}

func another(t *testing.T, receiver, provider string, storage certmagic.Storage) *Secrets {
	t.Helper()
	s := load(t, receiver, provider, storage)
	if s.failed != nil {
		t.Fatal(s.failed)
	}
	return s
}

// load is another where the storage may be broken.
func load(t *testing.T, receiver, provider string, storage certmagic.Storage) *Secrets {
	t.Helper()
	public, _ := rules.ParsePublicURL("")
	verifier, err := rules.NewVerifier(rules.Signature{Algorithm: "hmac-sha256", From: []rules.Source{"header:S"}}, []string{own}, public)
	if err != nil {
		t.Fatal(err)
	}
	s, _ := New(context.Background(), storage, receiver, provider, []string{own}, verifier)
	t.Cleanup(s.Cleanup)
	return s
}

func offers(t *testing.T, s *Secrets, secret string, status int) {
	t.Helper()
	_, err := s.Offer(secret, "192.0.2.1", strings.Repeat("x", 500))
	got := http.StatusOK
	var refusal *outcome.Refusal
	if errors.As(err, &refusal) {
		got = refusal.Status
	}
	if got != status || err != nil && strings.Contains(err.Error()+refusal.Remedy, secret) {
		t.Errorf("%s: %d %v, want %d", secret, got, err, status)
	}
}

// verdict is the status for a request that is signed with a secret; 1 is for one that is unconfirmed.
func verdict(t *testing.T, s *Secrets, secret string) int {
	t.Helper()
	signer, err := s.verifier.WithSecret(secret)
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPost, "/", nil)
	r.Header.Set("S", signer.Encode(signer.Sum([]byte("body"))))
	unconfirmed, err := s.Verify(&rules.Request{Request: r, Sent: r.URL}, []byte("body"), rules.Unbounded{})
	var refusal *outcome.Refusal
	switch {
	case errors.As(err, &refusal):
		return refusal.Status
	case unconfirmed:
		return 1
	}
	return 200
}

func TestWindow(t *testing.T) {
	s, _, wait := newSecrets(t)
	offers(t, s, own, 200) // it is known
	offers(t, s, first, 403)
	s.Open()
	wait(Open)
	offers(t, s, first, 403)

	// Asking again does not make it longer; what has come waits for ten minutes of its own.
	until := s.Open().Until
	wait(Open - time.Second)
	if again := s.Open().Until; again != until {
		t.Error("it is open for longer")
	}
	offers(t, s, first, 200)
	offers(t, s, first, 200)
	offers(t, s, second, 403)
	s.Close()
	wait(Open - time.Second)
	c := s.Window().Candidate
	if c == nil || c.ClientIP != "192.0.2.1" || len(c.UserAgent) != maxUserAgent {
		t.Fatalf("%+v", c)
	}
	if got := verdict(t, s, first); got != 1 {
		t.Errorf("%d for what is not confirmed", got)
	}
	wait(time.Second)
	if _, err := s.Keep(context.Background(), c.ID); err != errNoCandidate {
		t.Errorf("confirmed too late: %v", err)
	}
	if got := verdict(t, s, first); got != 401 {
		t.Errorf("%d for what was not confirmed in time", got)
	}

	// Only the one that was asked about.
	s.Open()
	offers(t, s, second, 200)
	if _, err := s.Keep(context.Background(), c.ID); err != errNoCandidate {
		t.Errorf("another one was kept: %v", err)
	}
	if err := s.Reject(c.ID); err != errNoCandidate {
		t.Errorf("another one was rejected: %v", err)
	}
	if err := s.Reject(s.Window().Candidate.ID); err != nil || s.Window() != nil {
		t.Error(err)
	}
	s.Open()
	s.Close()
	offers(t, s, second, 403)
}

// keep has a secret learnt.
func keep(t *testing.T, s *Secrets, secret string) {
	t.Helper()
	s.Open()
	offers(t, s, secret, 200)
	if kept, err := s.Keep(context.Background(), s.Window().Candidate.ID); err != nil || kept != secret {
		t.Fatal(kept, err)
	}
}

func TestStorage(t *testing.T) {
	s, storage, wait := newSecrets(t)
	keep(t, s, first)

	// A disk that is full loses nothing.
	s.Open()
	offers(t, s, second, 200)
	storage.stores = errors.New("no space left on device")
	id := s.Window().Candidate.ID
	if _, err := s.Keep(context.Background(), id); err == nil || !strings.Contains(err.Error(), "no space left") || strings.Contains(err.Error(), second) {
		t.Error(err)
	}
	if got := verdict(t, s, second); got != 1 {
		t.Errorf("%d for what could not be kept", got)
	}
	storage.stores = nil
	if _, err := s.Keep(context.Background(), id); err != nil {
		t.Error(err)
	}
	all := func(want int, secrets ...string) {
		t.Helper()
		for _, secret := range secrets {
			if got := verdict(t, s, secret); got != want {
				t.Errorf("%s: %d, want %d", secret, got, want)
			}
		}
	}
	all(200, own, first, second)

	// One that can't be read: those that are known count, and nothing else is judged.
	wait(readEvery)
	storage.lists = errors.New("permission denied")
	all(503, "yet another one")
	all(200, own, first, second)
	storage.lists = nil
	all(503, "yet another one") // it is not read for each
	wait(readEvery)
	all(401, "yet another one")

	// Another receiver, and one of the same name for another provider, have none of these.
	for _, other := range []*Secrets{another(t, "other", "asana", storage), another(t, s.receiver, "notion", storage)} {
		if got := verdict(t, other, first); got != 401 || len(other.Learnt()) != 0 {
			t.Errorf("%s %s: %d", other.receiver, other.provider, got)
		}
		if n, err := other.Forget(context.Background()); n != 0 || err != nil {
			t.Errorf("%d, %v", n, err)
		}
	}

	// A second Caddy learns one.
	other := another(t, s.receiver, s.provider, storage)
	all(200, first)
	keep(t, other, "the-secret-of-the-other-one")
	changes.Store(s.seen)                   // it is another process
	all(401, "the-secret-of-the-other-one") // it was read a moment ago
	wait(readEvery)
	all(200, "the-secret-of-the-other-one", own, first, second)
	if n, err := other.Forget(context.Background()); n != 3 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	wait(readEvery)
	all(401, "yet another one", first, second)
	all(200, own)
}

// TestBrokenStorage names the key, and quotes nothing of what is there.
func TestBrokenStorage(t *testing.T) {
	s, storage, _ := newSecrets(t)
	keep(t, s, first)
	names, _ := filepath.Glob(filepath.Join(storage.Storage.(*certmagic.FileStorage).Path, "webhook_receiver", "secrets", s.receiver, "*.json"))
	if len(names) != 1 {
		t.Fatal(names)
	}
	content, err := os.ReadFile(names[0])
	keep(t, s, second)
	if err != nil || os.WriteFile(names[0], content[:len(content)-5], 0o600) != nil {
		t.Fatal(err)
	}
	err = s.Refresh(context.Background())
	if err == nil || !strings.Contains(err.Error(), filepath.Base(names[0])) || strings.Contains(err.Error(), first[:5]) {
		t.Error(err)
	}
	if got := verdict(t, s, first); got != 200 {
		t.Errorf("%d for one that was known before", got)
	}

	// The others count, after a restart as well, can be added to, and can be forgotten.
	restarted := load(t, s.receiver, s.provider, storage)
	keep(t, restarted, third)
	for secret, want := range map[string]int{own: 200, first: 503, second: 200, third: 200} {
		if got := verdict(t, restarted, secret); got != want {
			t.Errorf("%s: %d, want %d", secret, got, want)
		}
	}
	if _, err := restarted.Forget(context.Background()); err == nil || !strings.Contains(err.Error(), filepath.Base(names[0])) {
		t.Error(err)
	}
	left, _ := filepath.Glob(filepath.Dir(names[0]) + "/*.json")
	if len(left) != 1 || left[0] != names[0] {
		t.Errorf("left are %s", left)
	}
}

// TestKeptElsewhere: the same receiver in another site, or in a config that is just loaded, knows
// at once what was kept, however short a time ago it has looked.
func TestKeptElsewhere(t *testing.T) {
	s, storage, _ := newSecrets(t)
	other := another(t, s.receiver, s.provider, storage)
	keep(t, s, first)
	if got := verdict(t, other, first); got != 200 {
		t.Errorf("%d for a genuine event", got)
	}
}

// TestNoKey: what is no key of the receiver is not taken, as it could not be verified with.
func TestNoKey(t *testing.T) {
	_, storage, _ := newSecrets(t)
	public, _ := rules.ParsePublicURL("")
	verifier, err := rules.NewVerifier(rules.Signature{Algorithm: "hmac-sha256", KeyEncoding: "hex", From: []rules.Source{"header:S"}}, nil, public)
	if err != nil {
		t.Fatal(err)
	}
	s, err := New(context.Background(), storage, "hexed", "generic", nil, verifier)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Cleanup)
	s.Open()
	offers(t, s, first, 400)
	keep(t, s, strings.Repeat("0a", 16))
}

// TestKeptOrRejected: of two who answer at once only one is told that it was done.
func TestKeptOrRejected(t *testing.T) {
	s, storage, _ := newSecrets(t)
	s.Open()
	offers(t, s, first, 200)
	id := s.Window().Candidate.ID
	rejected := make(chan error, 1)
	storage.storing = func() {
		go func() { rejected <- s.Reject(id) }()
		select {
		case err := <-rejected:
			rejected <- err
		case <-time.After(50 * time.Millisecond): // it waits
		}
	}
	_, err := s.Keep(context.Background(), id)
	if err := <-rejected; err != errNoCandidate {
		t.Errorf("it was kept, and rejected: %v", err)
	}
	if err != nil {
		t.Error(err)
	}
}

func TestTooMany(t *testing.T) {
	s, _, _ := newSecrets(t)
	for i := range maxLearnt {
		keep(t, s, first+strings.Repeat("x", i))
	}
	s.Open()
	offers(t, s, second, 200)
	if _, err := s.Keep(context.Background(), s.Window().Candidate.ID); err != errTooMany {
		t.Error(err)
	}
}

// byPrefix is a storage of objects, which lists all whose keys begin alike.
type byPrefix struct{ certmagic.Storage }

func (b byPrefix) List(ctx context.Context, prefix string, _ bool) (keys []string, err error) {
	all, err := b.Storage.List(ctx, "webhook_receiver", true)
	for _, key := range all {
		if strings.HasPrefix(key, prefix) {
			keys = append(keys, key)
		}
	}
	return keys, err
}

// TestNamesThatBeginAlike have nothing of each other.
func TestNamesThatBeginAlike(t *testing.T) {
	storage := byPrefix{&certmagic.FileStorage{Path: t.TempDir()}}
	longer := another(t, "tasks-of-others", "asana", storage)
	keep(t, longer, first)
	shorter := another(t, "tasks", "asana", storage)
	if got := verdict(t, shorter, first); got != 401 {
		t.Errorf("%d for a secret of another receiver", got)
	}
	if n, err := shorter.Forget(context.Background()); n != 0 || err != nil {
		t.Errorf("%d forgotten, %v", n, err)
	}
	if got := verdict(t, another(t, "tasks-of-others", "asana", storage), first); got != 200 {
		t.Errorf("%d for one that another receiver has forgotten", got)
	}
}
