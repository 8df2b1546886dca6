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
	"io/fs"
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

	// So long is waited for a key that is asked for again, and for what is stored.
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

	// Locate returns where the key that a request names can be, each host once, with the
	// secrets with which it is asked. Its error quotes nothing of the request.
	Locate(r *rules.Request, accounts, secrets []string) ([]Place, error)

	// Fetch returns the key, in PEM or as a JSON Web Key, or errRevoked.
	Fetch(ctx context.Context, c *client, p Place, secret string) (public string, err error)

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
	keyName
	secrets []string // with any of which it is asked for; none: it needs none
}

// keyName is what a key is known by.
type keyName struct {
	Host string // one of the service's
	ID   string
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
	check    func(public string) error
	accounts []string
	secrets  []string
	storage  func() Storage

	*cache

	loading chan struct{} // closed when what is stored has been read; nil: it is to be read
	failed  time.Time     // when that last failed
}

// cache has the keys of one service that are known, for all receivers, over reloads.
type cache struct {
	mu    sync.Mutex
	known map[keyName]record
}

var caches sync.Map // of *cache, by the service's name

func cacheOf(s Service) *cache {
	c, _ := caches.LoadOrStore(s.Name(), &cache{known: map[keyName]record{}})
	return c.(*cache)
}

// NewFinder returns a finder for a service, of whose answers check tells whether they are
// keys that fit. The storage is asked for when a key is needed.
func NewFinder(service Service, check func(public string) error, accounts, secrets []string, storage func() Storage) *Finder {
	return &Finder{service: service, check: check, accounts: accounts, secrets: secrets, storage: storage, cache: cacheOf(service)}
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
	isKnown := func(p Place) bool { _, ok := f.lookUp(p.keyName); return ok }
	if !slices.ContainsFunc(places, isKnown) {
		f.load(r.Waits)
	}
	// Where it is known comes first: no other host is asked for it.
	if i := slices.IndexFunc(places, isKnown); i > 0 {
		places[0], places[i] = places[i], places[0]
	}
	for _, p := range places {
		if public, err = f.get(r.Waits, r.Client, p); err == nil {
			return public, nil
		}
	}
	return "", &outcome.Refusal{
		Status: 503, Outcome: outcome.Unavailable, Reason: fmt.Errorf("the key that the request names is not to be had: %w", err),
		Remedy: "if Caddy can't reach the service, allow it to, or give the service's public keys with keys <file>",
	}
}

// get returns a key that is known, or fetches it, for a client.
func (f *Finder) get(ctx context.Context, client string, p Place) (string, error) {
	found, ok := f.lookUp(p.keyName)
	if ok && time.Since(found.Fetched) < fresh {
		return found.answer()
	}
	if ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, patience)
		defer cancel()
	}
	err := hosts.of(p.Host).ask(ctx, client, p.keyName, func() error { return f.fetch(p) })
	if found, ok = f.lookUp(p.keyName); ok {
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
func (f *Finder) lookUp(name keyName) (record, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	found, ok := f.known[name]
	age := time.Since(found.Fetched)
	return found, ok && age < usable && age > -usable // else the clock was wrong
}

// load has what is stored read, once, and waits for that, but not long. It is read whatever
// becomes of the request that needs it first, and again later if it could not be.
func (f *Finder) load(ctx context.Context) {
	f.mu.Lock()
	if f.loading == nil && time.Since(f.failed) >= between {
		f.loading = make(chan struct{})
		go f.readStorage(f.loading)
	}
	loading := f.loading
	f.mu.Unlock()
	if loading == nil {
		return
	}
	select {
	case <-loading:
	case <-time.After(patience):
	case <-ctx.Done():
	}
}

func (f *Finder) readStorage(over chan struct{}) {
	ctx, cancel := context.WithTimeout(context.Background(), maxFetch)
	defer cancel()
	all, err := loadAll(ctx, f.storage(), f.service)
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, r := range all {
		if known := f.known[r.keyName()]; known.Fetched.Before(r.Fetched) && (r.Revoked || f.check(r.Public) == nil) {
			f.keep(r)
		}
	}
	if err != nil {
		f.loading, f.failed = nil, time.Now()
	}
	close(over)
}

// keep remembers a key. Only what the service has given is kept, so that nobody else can
// have one forgotten.
func (f *Finder) keep(r record) {
	if _, ok := f.known[r.keyName()]; !ok && len(f.known) >= maxKeys {
		var oldest keyName
		for name, other := range f.known {
			if oldest.ID == "" || other.Fetched.Before(f.known[oldest].Fetched) {
				oldest = name
			}
		}
		delete(f.known, oldest)
	}
	f.known[r.keyName()] = r
}

// fetch asks the service for a key, with one secret after the other, and keeps it.
func (f *Finder) fetch(p Place) error {
	ctx, cancel := context.WithTimeout(context.Background(), maxFetch)
	defer cancel()
	secrets := p.secrets
	if len(secrets) == 0 {
		secrets = []string{""}
	}
	var public string
	var err error
	for _, secret := range secrets {
		if public, err = f.fetchWith(ctx, p, secret); err == nil || errors.Is(err, errRevoked) {
			break
		}
	}
	if err != nil && !errors.Is(err, errRevoked) {
		return err
	}
	r := record{Host: p.Host, ID: p.ID, Fetched: time.Now(), Public: public, Revoked: err != nil}
	f.mu.Lock()
	if r.Revoked {
		r.Public = f.known[p.keyName].Public // for what was signed before
	}
	f.keep(r)
	f.mu.Unlock()
	f.store(r)
	return nil
}

// fetchWith asks for a key with a secret. What is no key that fits counts as none.
func (f *Finder) fetchWith(ctx context.Context, p Place, secret string) (string, error) {
	public, err := f.service.Fetch(ctx, newClient(), p, secret)
	if err == nil {
		if err = f.check(public); err != nil {
			err = fmt.Errorf("%s: the answer %w", p.Host, err)
		}
	}
	return public, err
}

// store stores a key, else it is fetched again after a restart. Storage that hangs holds
// nobody up.
func (f *Finder) store(r record) {
	text, err := json.Marshal(r)
	if err != nil {
		return
	}
	stored := make(chan struct{})
	go func() {
		defer close(stored)
		ctx, cancel := context.WithTimeout(context.Background(), maxFetch)
		defer cancel()
		_ = f.storage().Store(ctx, r.file(f.service), text)
	}()
	select {
	case <-stored:
	case <-time.After(time.Second):
	}
}

func (r record) keyName() keyName { return keyName{Host: r.Host, ID: r.ID} }

// folder is where a service's keys are stored.
func folder(s Service) string { return path.Join("webhook_receiver", "keys", s.Name()) }

func (r record) file(s Service) string {
	sum := sha256.Sum256([]byte(r.Host + "\n" + r.ID))
	return path.Join(folder(s), hex.EncodeToString(sum[:])+".json")
}

// loadAll returns the keys that are stored, those last that were fetched last.
func loadAll(ctx context.Context, storage Storage, s Service) (all []record, err error) {
	names, err := storage.List(ctx, folder(s), false)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	for _, name := range names[:min(len(names), maxStored)] {
		var r record
		file := path.Join(folder(s), path.Base(name))
		text, loadErr := storage.Load(ctx, file)
		if loadErr != nil && !errors.Is(loadErr, fs.ErrNotExist) {
			err = loadErr
		}
		if loadErr == nil && json.Unmarshal(text, &r) == nil && r.file(s) == file {
			all = append(all, r)
		}
	}
	slices.SortFunc(all, func(a, b record) int { return a.Fetched.Compare(b.Fetched) })
	return all, err
}

// Stored returns the public keys of a service that are stored, also those that are no
// longer used: what was signed with one stays so.
func Stored(ctx context.Context, storage Storage, s Service) (public []string) {
	all, _ := loadAll(ctx, storage, s)
	for _, r := range all {
		if r.Public != "" {
			public = append(public, r.Public)
		}
	}
	return public
}
