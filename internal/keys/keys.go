// Package keys has the public keys of services that name the key of each event instead of
// giving every customer one: they are fetched from the service's own hosts, and from
// nowhere else. A stranger can make it fetch no more than one in ten seconds of a host, of
// the few that a receiver's service has.
package keys

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"slices"
	"sync"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/outcome"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/rules"
)

const (
	// A key is asked for again after a day, as it may have been revoked. One that can't be
	// had again is used for a week.
	fresh  = 24 * time.Hour
	usable = 7 * 24 * time.Hour

	// So long is waited for a key that is asked for again.
	patience = 2 * time.Second

	// maxKeys is how many keys of a service are remembered: more than are ever in use.
	maxKeys = 64

	// maxStored is how many of them are read.
	maxStored = 1000
)

// Service is a service whose keys are fetched.
type Service interface {
	// Name is what its keys are stored under.
	Name() string

	// CheckSecret returns an error for a secret with which keys can't be fetched. It
	// does not quote it.
	CheckSecret(secret string) error

	// Locate returns where the key that a request names can be: at most once for each of
	// the secrets, with which it is asked for. Its error quotes nothing of the request.
	Locate(r *rules.Request, accounts, secrets []string) ([]Place, error)

	// Fetch returns the key, in PEM or as a JSON Web Key, or errRevoked.
	Fetch(ctx context.Context, c *client, p Place) (public string, err error)

	// Remedy says what an operator can do about a request whose signature is not right.
	Remedy(r *rules.Request) string
}

// Confirmer is a service that wants a subscription confirmed.
type Confirmer interface {
	// Confirms returns the URL by which that is done, of a request that asks for it; or
	// nothing. The request's signature is right.
	Confirms(r *rules.Request, accounts []string) (url string, err error)
}

// Place is where a key can be had.
type Place struct {
	Host   string // one of the service's
	ID     string // of the key
	secret string // with which it is asked for
}

// Storage is what is needed of Caddy's storage.
type Storage interface {
	Store(ctx context.Context, key string, value []byte) error
	Load(ctx context.Context, key string) ([]byte, error)
	List(ctx context.Context, path string, recursive bool) ([]string, error)
}

// record is a key as it is stored.
type record struct {
	Host    string    `json:"host"`
	ID      string    `json:"id"`
	Fetched time.Time `json:"fetched"`
	Public  string    `json:"public"`
	Revoked bool      `json:"revoked,omitempty"`
}

// Finder finds the keys of one receiver's service.
type Finder struct {
	service  Service
	accounts []string
	secrets  []string
	storage  func() Storage

	mu     sync.Mutex
	known  map[Place]record // without the secret
	loaded bool             // what is stored is known
}

// NewFinder returns a finder for a service. The storage is asked for when a key is needed.
func NewFinder(service Service, accounts, secrets []string, storage func() Storage) *Finder {
	return &Finder{service: service, accounts: accounts, secrets: secrets, storage: storage, known: map[Place]record{}}
}

// Remedy says what an operator can do about a request whose signature is not right.
func (f *Finder) Remedy(r *rules.Request) string { return f.service.Remedy(r) }

// Find returns the key that a request names.
func (f *Finder) Find(r *rules.Request) (public string, err error) {
	places, err := f.service.Locate(r, f.accounts, f.secrets)
	if err != nil {
		return "", err
	}
	if r.Waits == nil {
		return "", errors.New("the key is not known")
	}
	for _, p := range places {
		if public, err = f.get(r.Waits, p); err == nil {
			return public, nil
		}
	}
	return "", &outcome.Refusal{
		Status: 503, Outcome: outcome.Unavailable, Reason: fmt.Errorf("the key that the request names is not to be had: %w", err),
		Remedy: "if Caddy can't reach the service, allow it to, or give the service's public keys with keys <file>",
	}
}

// get returns a key that is known, or fetches it.
func (f *Finder) get(ctx context.Context, p Place) (string, error) {
	found, ok := f.lookUp(ctx, p)
	if ok && time.Since(found.Fetched) < fresh {
		return found.answer()
	}
	if ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, patience)
		defer cancel()
	}
	err := hosts.of(p.Host).ask(ctx, func() error { return f.fetch(p) })
	if found, ok = f.lookUp(ctx, p); ok {
		return found.answer()
	}
	return "", err
}

func (r record) answer() (string, error) {
	if r.Revoked {
		return "", errRevoked
	}
	return r.Public, nil
}

var (
	errRevoked = errors.New("the service has revoked it")
	errLater   = errors.New("the service's host was asked for another one less than ten seconds ago")
)

// lookUp returns what is known of a key.
func (f *Finder) lookUp(ctx context.Context, p Place) (record, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.loaded {
		f.loaded = true
		for _, r := range loadAll(ctx, f.storage(), f.service) {
			f.keep(r)
		}
	}
	found, ok := f.known[Place{Host: p.Host, ID: p.ID}]
	return found, ok && time.Since(found.Fetched) < usable
}

// keep remembers a key. Only what the service has given is kept, so that nobody else can
// have one forgotten.
func (f *Finder) keep(r record) {
	place := Place{Host: r.Host, ID: r.ID}
	if _, ok := f.known[place]; !ok && len(f.known) >= maxKeys {
		var oldest Place
		for p, other := range f.known {
			if oldest.ID == "" || other.Fetched.Before(f.known[oldest].Fetched) {
				oldest = p
			}
		}
		delete(f.known, oldest)
	}
	f.known[place] = r
}

// fetch asks the service for a key, and keeps it.
func (f *Finder) fetch(p Place) error {
	ctx, cancel := context.WithTimeout(context.Background(), maxFetch)
	defer cancel()
	public, err := f.service.Fetch(ctx, newClient(), p)
	if err != nil && !errors.Is(err, errRevoked) {
		return err
	}
	r := record{Host: p.Host, ID: p.ID, Fetched: time.Now(), Public: public, Revoked: err != nil}
	f.mu.Lock()
	if r.Revoked {
		r.Public = f.known[Place{Host: p.Host, ID: p.ID}].Public // for what was signed before
	}
	f.keep(r)
	f.mu.Unlock()
	if text, err := json.Marshal(r); err == nil {
		_ = f.storage().Store(ctx, r.file(f.service), text) // else it is fetched again after a restart
	}
	return nil
}

// folder is where a service's keys are stored.
func folder(s Service) string { return path.Join("webhook_receiver", "keys", s.Name()) }

func (r record) file(s Service) string {
	sum := sha256.Sum256([]byte(r.Host + "\n" + r.ID))
	return path.Join(folder(s), hex.EncodeToString(sum[:])+".json")
}

// loadAll returns the keys that are stored, those last that were fetched last.
func loadAll(ctx context.Context, storage Storage, s Service) (all []record) {
	names, err := storage.List(ctx, folder(s), false)
	if err != nil {
		return nil // there are none
	}
	for _, name := range names[:min(len(names), maxStored)] {
		var r record
		file := path.Join(folder(s), path.Base(name))
		if text, err := storage.Load(ctx, file); err == nil && json.Unmarshal(text, &r) == nil && r.file(s) == file {
			all = append(all, r)
		}
	}
	slices.SortFunc(all, func(a, b record) int { return a.Fetched.Compare(b.Fetched) })
	return all
}

// Stored returns the public keys of a service that are stored, also those that are no
// longer used: what was signed with one stays so.
func Stored(ctx context.Context, storage Storage, s Service) (public []string) {
	for _, r := range loadAll(ctx, storage, s) {
		if r.Public != "" {
			public = append(public, r.Public)
		}
	}
	return public
}
