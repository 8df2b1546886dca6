package learn

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/caddyserver/certmagic"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/outcome"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/rules"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/status"
)

const (
	// maxLearnt is how many secrets a receiver may have learnt: each request is compared
	// with all of them.
	maxLearnt = 50

	// readWithin is how long reading the storage may take.
	readWithin = 5 * time.Second

	// readEvery is how long after one reading of the storage requests bring about the next
	// one, however many there are that fit no secret.
	readEvery = 5 * time.Second
)

// Learnt is a secret in the storage.
type Learnt struct {
	Receiver string    `json:"receiver"`
	Provider string    `json:"provider"`
	Secret   string    `json:"secret"`
	Time     time.Time `json:"time"`      // when it came
	ClientIP string    `json:"client_ip"` // from where
}

// Secrets are those of one receiver: the config's own, and those that it has learnt.
type Secrets struct {
	receiver, provider string
	storage            certmagic.Storage
	own                []string
	verifier           *rules.Verifier

	mu     sync.Mutex // held while the storage is read or written
	learnt []Learnt
	failed error     // of the last reading
	read   time.Time // when that was
	seen   int64     // the changes that it has seen
	forget func()    // has those in learnt be hidden no more
}

// changes counts what was kept and forgotten in this process: the same receiver may be in several
// sites, and in a config that is just loaded.
var changes atomic.Int64

// New returns the secrets of a receiver, and has the verifier use them. The error is that of the
// storage: then those that are known count, and no request is said to be signed with none.
func New(ctx context.Context, storage certmagic.Storage, receiver, provider string, own []string, verifier *rules.Verifier) (*Secrets, error) {
	s := &Secrets{receiver: receiver, provider: provider, storage: storage, own: own, verifier: verifier, forget: func() {}}
	return s, s.Refresh(ctx)
}

// Cleanup has the secrets be hidden no more by this receiver.
func (s *Secrets) Cleanup() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forget()
	s.forget = func() {}
}

// Refresh reads what is in the storage.
func (s *Secrets) Refresh(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.refresh(ctx)
}

func (s *Secrets) refresh(ctx context.Context) error {
	seen := changes.Load()
	learnt, err := Read(ctx, s.storage, s.receiver, s.provider)
	s.failed, s.read, s.seen = err, now(), seen
	for _, l := range s.learnt {
		if err != nil && !slices.ContainsFunc(learnt, func(other Learnt) bool { return other.Secret == l.Secret }) {
			learnt = append(learnt, l) // it can't be read just now, and counts as before
		}
	}
	secrets := slices.Clone(s.own)
	for _, l := range learnt {
		if !slices.Contains(secrets, l.Secret) {
			secrets = append(secrets, l.Secret)
		}
	}
	if err := s.verifier.SetSecrets(secrets); err != nil {
		s.failed = fmt.Errorf("what is in Caddy's storage is no secret of the receiver %s: %w", s.receiver, err)
		return s.failed
	}
	forget := s.forget
	s.learnt, s.forget = learnt, status.Know(secrets)
	forget()
	return s.failed
}

// Learnt returns when the learnt secrets came, the oldest first.
func (s *Secrets) Learnt() []time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	times := []time.Time{}
	for _, l := range s.learnt {
		times = append(times, l.Time)
	}
	return times
}

// Verify verifies a request as the verifier does. One that is signed with the secret that has
// just come is right, and unconfirmed.
func (s *Secrets) Verify(r *rules.Request, body []byte, mem rules.Memory) (unconfirmed bool, err error) {
	before := s.verifier.Secrets()
	if err = s.verifier.Verify(r, body, mem); err == nil || !rules.IsWrongSignature(err) {
		return false, err
	}
	if c := s.candidate(); c != nil {
		v, err := s.verifier.WithSecret(c.secret)
		if err == nil && v.Verify(r, body, mem) == nil {
			return true, nil
		}
	}
	// Another Caddy with the same storage may have learnt it, or this one just now.
	if err := s.refreshNow(); err != nil {
		return false, err
	}
	if after := s.verifier.Secrets(); !slices.Equal(before, after) {
		if again := s.verifier.Verify(r, body, mem); again == nil {
			return false, nil
		}
	}
	if len(s.verifier.Secrets()) == 0 {
		return false, &outcome.Refusal{
			Status: http.StatusUnauthorized, Outcome: outcome.BadSignature, Reason: errors.New("no secret is known yet"),
			Remedy: "run caddy webhook learn " + s.receiver + ", and set the webhook up at the service meanwhile",
		}
	}
	return false, err
}

// refreshNow reads the storage, unless that was done a moment ago. Its error says that it
// is not known what is in there.
func (s *Secrets) refreshNow() error {
	if !s.mu.TryLock() {
		return outcome.Busy(errors.New("the learnt secrets are just being read from Caddy's storage"))
	}
	defer s.mu.Unlock()
	if now().Sub(s.read) >= readEvery || s.seen != changes.Load() {
		ctx, cancel := context.WithTimeout(context.Background(), readWithin)
		defer cancel()
		_ = s.refresh(ctx) // it is remembered
	}
	if s.failed != nil {
		return &outcome.Refusal{
			Status: http.StatusServiceUnavailable, Outcome: outcome.Unavailable, Reason: s.failed,
			Remedy: "see that Caddy can read its storage; until then what is signed with a secret that is not known can't be judged",
		}
	}
	return nil
}

// Keep has the secret that has come count from now on, and returns it.
func (s *Secrets) Keep(ctx context.Context, id string) (secret string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.candidate()
	if c == nil || c.ID != id {
		return "", errNoCandidate
	}
	if len(s.learnt) >= maxLearnt {
		return "", errTooMany
	}
	kept := Learnt{s.receiver, s.provider, c.secret, c.Time, c.ClientIP}
	value, err := json.MarshalIndent(kept, "", "\t")
	if err != nil {
		return "", err
	}
	if err := s.storage.Store(ctx, path.Join(folder(s.receiver), c.ID+".json"), value); err != nil {
		return "", fmt.Errorf("the secret can't be kept in Caddy's storage: %w", err)
	}
	changes.Add(1)
	s.learnt = append(s.learnt, kept)
	if err := s.refresh(ctx); err != nil && !s.verifier.Knows(c.secret) {
		return "", err
	}
	// Only now: until then what is signed with it is unconfirmed, and comes again.
	_ = s.reject(id)
	return c.secret, nil
}

// Forget takes the learnt secrets out of the storage, and returns how many there were.
func (s *Secrets) Forget(ctx context.Context) (n int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	err = each(ctx, s.storage, s.receiver, s.provider, func(key string, _ Learnt) error {
		n++
		return s.storage.Delete(ctx, key)
	})
	changes.Add(1)
	refreshErr := s.refresh(ctx)
	if err != nil {
		return 0, fmt.Errorf("not all learnt secrets could be taken out of Caddy's storage: %w", err)
	}
	return n, refreshErr
}

// Read returns the secrets that a receiver for a provider has learnt, the oldest first. There may
// be none. With an error it returns those that could be read.
func Read(ctx context.Context, storage certmagic.Storage, receiver, provider string) (all []Learnt, err error) {
	err = each(ctx, storage, receiver, provider, func(_ string, l Learnt) error {
		all = append(all, l)
		return nil
	})
	if err != nil {
		err = fmt.Errorf("the learnt secrets of the receiver %s can't be read from Caddy's storage: %w", receiver, err)
	}
	slices.SortFunc(all, func(a, b Learnt) int { return a.Time.Compare(b.Time) })
	return all, err
}

// folder is where the secrets are that receivers of that name have learnt.
func folder(receiver string) string { return path.Join("webhook_receiver", "secrets", receiver) }

// each does something with each secret, also if others of them can't be read. The error is the first one.
func each(ctx context.Context, storage certmagic.Storage, receiver, provider string, do func(key string, l Learnt) error) (first error) {
	keys, err := storage.List(ctx, folder(receiver), false)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, key := range keys {
		if !strings.HasSuffix(key, ".json") {
			continue
		}
		value, err := storage.Load(ctx, key)
		if errors.Is(err, fs.ErrNotExist) {
			continue // it was just forgotten
		}
		var l Learnt
		if err == nil && json.Unmarshal(value, &l) != nil {
			err = errors.New("it is not what was written there") // the error would quote it
		}
		if err == nil && l.Receiver == receiver && l.Provider == provider { // a storage may list what only begins alike
			err = do(key, l)
		}
		if err != nil && first == nil {
			first = fmt.Errorf("%s: %w", key, err)
		}
	}
	return first
}

// isSame compares in a time that tells nothing.
func isSame(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}
