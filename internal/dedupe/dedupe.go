// Package dedupe remembers which events have been stored.
package dedupe

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/caddyserver/caddy/v2"
)

// maxRemembered is the largest number of events that are remembered, of some 70
// bytes each. The oldest ones are forgotten before their time is up: rather an
// event twice than memory without a bound.
const maxRemembered = 1_000_000

// Config has events that come again within a time answered like those that are
// stored, and not stored again. What has been stored is remembered for each URL
// that requests came to, over reloads. It is remembered over restarts, too, if the one
// durable output is a file in the format `cloudevents`, which is read for that.
//
// Up to 1,000,000 events are remembered, in up to 100 MB. Receivers with the same
// provider, the same key and the same places where events are stored have that room
// together, whatever their other options. Others know nothing of each other.
type Config struct {
	// How long an event is remembered, as in `10m`. Required.
	Window caddy.Duration `json:"window,omitempty"`

	// What makes an event the same as another; placeholders are evaluated for
	// each event, and one for which all of them come out empty is stored. Default: the
	// delivery's id. Required for providers that have none.
	Key string `json:"key,omitempty"`
}

// Key is the hash of what makes an event the same as another. It is stored with the
// event, so how it is made must not change.
type Key [16]byte

// KeyOf returns the key of texts, which are the same if all of them are.
func KeyOf(texts ...string) (k Key) {
	h := sha256.New()
	for _, text := range texts {
		_, _ = fmt.Fprintf(h, "%d\n%s", len(text), text)
	}
	copy(k[:], h.Sum(nil))
	return k
}

// String returns the key as it is stored.
func (k Key) String() string { return base64.RawURLEncoding.EncodeToString(k[:]) }

// parseKey returns the key that is stored as that text.
func parseKey(text string) (k Key, ok bool) {
	b, err := base64.RawURLEncoding.DecodeString(text)
	return k, err == nil && copy(k[:], b) == len(k) && len(b) == len(k)
}

// Deduplicator remembers what the receivers of one scope have stored, for the
// longest of their windows.
type Deduplicator struct {
	created time.Time
	limit   int // maxRemembered, but in tests

	mu      sync.Mutex
	windows []time.Duration // of the receivers in use
	storing map[Key]*storing
	stored  map[Key]moment
	read    queue // what was read from files, which is older
	order   queue // what was stored since; stored may have the key since, once more
	loading loading
}

// moment is a time, in nanoseconds since the process began: it takes a third of the
// memory.
type moment int64

var began = time.Now()

func now() moment { return moment(time.Since(began)) }

func newDeduplicator() *Deduplicator {
	return &Deduplicator{created: time.Now(), limit: maxRemembered, storing: make(map[Key]*storing), stored: make(map[Key]moment)}
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

// storing is an event that is being stored.
type storing struct {
	done    chan struct{} // closed when stored is known
	success bool
}

// Do calls store, unless that was done with success for the key before, within
// the window. If it is being done, the outcome is waited for.
func (d *Deduplicator) Do(ctx context.Context, k Key, window time.Duration, store func() error) (duplicate bool, err error) {
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
func (d *Deduplicator) begin(k Key, window time.Duration) (other *storing, seen bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	at := now()
	longest := window
	for _, window := range d.windows {
		longest = max(longest, window)
	}
	for _, q := range []*queue{&d.read, &d.order} {
		for q.len() > 0 && q.first().at <= at-moment(longest) {
			d.forget(q)
		}
	}
	if before, ok := d.stored[k]; ok && before > at-moment(window) {
		return nil, true
	}
	if other := d.storing[k]; other != nil {
		return other, false
	}
	d.storing[k] = &storing{done: make(chan struct{})}
	return nil, false
}

// forget forgets the oldest of a queue.
func (d *Deduplicator) forget(q *queue) {
	r := q.pop()
	if at, ok := d.stored[r.key]; ok && at == r.at {
		delete(d.stored, r.key)
	}
}

func (d *Deduplicator) end(k Key, success bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	s := d.storing[k]
	delete(d.storing, k)
	s.success = success
	close(s.done)
	if success {
		d.remember(&d.order, remembered{k, now()})
	}
}

// remember remembers what was stored at a time, unless it was later, too.
func (d *Deduplicator) remember(q *queue, r remembered) {
	if at, ok := d.stored[r.key]; ok && at >= r.at {
		return
	}
	switch {
	case d.read.len()+d.order.len() < d.limit:
	case d.read.len() > 0:
		d.forget(&d.read)
	default:
		d.forget(&d.order)
	}
	d.stored[r.key] = r.at
	q.push(r)
}

// inUse are the deduplicators by their scopes, so that the one of an old config
// goes on in the new one.
var inUse = caddy.NewUsagePool()

// Share returns the deduplicator of a scope, which remembers for that window at
// least until it is released; more than once does nothing. If there is a file, what was
// stored there within the window before is read in the background.
func Share(scope string, window time.Duration, file *File) (d *Deduplicator, release func()) {
	shared, _ := inUse.LoadOrStore(scope, newDeduplicator())
	d = shared.(*Deduplicator)
	d.share(window)
	if file != nil {
		d.load(*file, window)
	}
	return d, sync.OnceFunc(func() {
		d.leave(window)
		_, _ = inUse.Delete(scope)
	})
}

// Destruct forgets everything.
func (d *Deduplicator) Destruct() error {
	d.stopLoading()
	return nil
}
