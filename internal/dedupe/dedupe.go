// Package dedupe remembers which events have been stored.
package dedupe

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/caddyserver/caddy/v2"
)

// maxRemembered is the largest number of events that are remembered, of
// about 128 bytes each. The oldest ones are forgotten before their time is up:
// rather an event twice than memory without a bound.
const maxRemembered = 500_000

// Config has events that come again within a time answered like those that are
// stored, and not stored again. What has been stored is remembered for each URL
// that requests came to, over reloads but not over restarts: of up to 500,000
// events, which takes up to 64 MB. Receivers that have provider, key and the
// places where events are stored in common, whatever their other options, have
// that room together; of others none knows what another has stored.
type Config struct {
	// How long an event is remembered.
	Window caddy.Duration `json:"window,omitempty"`

	// What makes an event the same as another; placeholders are evaluated for
	// each event, and one whose key comes out empty is stored. Default: the
	// delivery's id. Providers without one need a key.
	Key string `json:"key,omitempty"`
}

// Deduplicator remembers what the receivers of one scope have stored, for the
// longest of their windows.
type Deduplicator struct {
	mu      sync.Mutex
	windows []time.Duration // of the receivers in use
	storing map[hash]*storing
	stored  map[hash]time.Time
	order   []remembered // the oldest first; stored may have the key since, once more
}

type remembered struct {
	key hash
	at  time.Time
}

func newDeduplicator() *Deduplicator {
	return &Deduplicator{storing: make(map[hash]*storing), stored: make(map[hash]time.Time)}
}

// share has what is stored remembered for that window at least, until leave.
func (d *Deduplicator) share(window time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.windows = append(d.windows, window)
}

func (d *Deduplicator) leave(window time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	i := slices.Index(d.windows, window)
	d.windows = slices.Delete(d.windows, i, i+1)
}

// hash is of a key, so that all are of one size.
type hash [sha256.Size]byte

// storing is an event that is being stored.
type storing struct {
	done    chan struct{} // closed when stored is known
	success bool
}

// Do calls store, unless that was done with success for the key before, within
// the window. If it is being done, the outcome is waited for.
func (d *Deduplicator) Do(ctx context.Context, key string, window time.Duration, store func() error) (duplicate bool, err error) {
	k := hash(sha256.Sum256([]byte(key)))
	for {
		other, seen := d.begin(k, window)
		if seen {
			return true, nil
		}
		if other == nil {
			break
		}
		select {
		case <-other.done:
			if other.success {
				return true, nil
			}
		case <-ctx.Done():
			return false, fmt.Errorf("waiting for the same event to be stored: %w", ctx.Err())
		}
	}
	stored := false // also if store panics
	defer func() { d.end(k, stored) }()
	err = store()
	stored = err == nil
	return false, err
}

// begin tells whether the key was seen, or returns who is at it. If neither, the
// caller is.
func (d *Deduplicator) begin(k hash, window time.Duration) (other *storing, seen bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := time.Now()
	longest := window
	for _, window := range d.windows {
		longest = max(longest, window)
	}
	oldest := now.Add(-longest)
	for len(d.order) > 0 && !d.order[0].at.After(oldest) {
		d.forgetOldest()
	}
	if at, ok := d.stored[k]; ok && at.After(now.Add(-window)) {
		return nil, true
	}
	if other := d.storing[k]; other != nil {
		return other, false
	}
	d.storing[k] = &storing{done: make(chan struct{})}
	return nil, false
}

func (d *Deduplicator) forgetOldest() {
	if r := d.order[0]; d.stored[r.key].Equal(r.at) {
		delete(d.stored, r.key)
	}
	d.order = d.order[1:]
}

func (d *Deduplicator) end(k hash, success bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	s := d.storing[k]
	delete(d.storing, k)
	s.success = success
	close(s.done)
	if !success {
		return
	}
	if len(d.order) == maxRemembered {
		d.forgetOldest()
	}
	now := time.Now()
	d.stored[k] = now
	d.order = append(d.order, remembered{k, now})
}

// inUse are the deduplicators by their scopes, so that the one of an old config
// goes on in the new one.
var inUse = caddy.NewUsagePool()

// Share returns the deduplicator of a scope, which remembers for that window at
// least until it is released; more than once does nothing.
func Share(scope string, window time.Duration) (d *Deduplicator, release func()) {
	shared, _ := inUse.LoadOrStore(scope, newDeduplicator())
	d = shared.(*Deduplicator)
	d.share(window)
	return d, sync.OnceFunc(func() {
		d.leave(window)
		_, _ = inUse.Delete(scope)
	})
}

// Destruct forgets everything.
func (*Deduplicator) Destruct() error { return nil }
