package webhookreceiver

import (
	"context"
	"crypto/sha256"
	"encoding/json"
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

// Dedupe has events that come again within a time answered like those that are
// stored, and not stored again. What has been stored is remembered for each URL
// that requests came to, over reloads but not over restarts: of up to 500,000
// events, which takes up to 64 MB. Receivers that have provider, key and the
// places where events are stored in common, whatever their other options, have
// that room together; of others none knows what another has stored.
type Dedupe struct {
	// How long an event is remembered.
	Window caddy.Duration `json:"window,omitempty"`

	// What makes an event the same as another; placeholders are evaluated for
	// each event, and one whose key comes out empty is stored. Default: the
	// delivery's id. Providers without one need a key.
	Key string `json:"key,omitempty"`
}

// deduplicator remembers what receivers of one identity have stored, for the
// longest of their windows.
type deduplicator struct {
	mu      sync.Mutex
	windows []time.Duration // of the receivers in use
	storing map[dedupeKey]*storing
	stored  map[dedupeKey]time.Time
	order   []remembered // the oldest first; stored may have the key since, once more
}

type remembered struct {
	key dedupeKey
	at  time.Time
}

func newDeduplicator() *deduplicator {
	return &deduplicator{storing: make(map[dedupeKey]*storing), stored: make(map[dedupeKey]time.Time)}
}

// share has what is stored remembered for that window at least, until leave.
func (d *deduplicator) share(window time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.windows = append(d.windows, window)
}

func (d *deduplicator) leave(window time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	i := slices.Index(d.windows, window)
	d.windows = slices.Delete(d.windows, i, i+1)
}

// dedupeKey is a key's hash, so that all are of one size.
type dedupeKey [sha256.Size]byte

// storing is an event that is being stored.
type storing struct {
	done    chan struct{} // closed when stored is known
	success bool
}

// do calls store, unless that was done with success for the key before, within
// the window. If it is being done, the outcome is waited for.
func (d *deduplicator) do(ctx context.Context, key string, window time.Duration, store func() error) (duplicate bool, err error) {
	k := dedupeKey(sha256.Sum256([]byte(key)))
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
func (d *deduplicator) begin(k dedupeKey, window time.Duration) (other *storing, seen bool) {
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

func (d *deduplicator) forgetOldest() {
	if r := d.order[0]; d.stored[r.key].Equal(r.at) {
		delete(d.stored, r.key)
	}
	d.order = d.order[1:]
}

func (d *deduplicator) end(k dedupeKey, success bool) {
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

// deduplicators are those in use, so that the one of an old config goes on in
// the new one.
var deduplicators = caddy.NewUsagePool()

// Destruct forgets everything.
func (*deduplicator) Destruct() error { return nil }

func (h *Handler) provisionDedupe() error {
	if h.Dedupe == nil {
		return nil
	}
	if h.Dedupe.Window <= 0 {
		return fmt.Errorf("dedupe %s: the window must be positive", time.Duration(h.Dedupe.Window))
	}
	if h.Dedupe.Key == "" && len(h.provider.event.ID) == 0 {
		return fmt.Errorf("dedupe: provider %s has no delivery id, so a key is needed", h.provider.name)
	}
	identity, window := h.identity(), time.Duration(h.Dedupe.Window)
	shared, _ := deduplicators.LoadOrStore(identity, newDeduplicator())
	h.dedupe = shared.(*deduplicator)
	h.dedupe.share(window)
	h.release = append(h.release, sync.OnceFunc(func() {
		h.dedupe.leave(window)
		_, _ = deduplicators.Delete(identity)
	}))
	return nil
}

// identity is the same for a receiver after a reload, unless what it is that is
// stored has changed, or where: an event that is only in the old place has not got
// to whoever reads the new one. Receivers that have all of this in common are told
// apart by the URL of the request, which is part of every key.
func (h *Handler) identity() string {
	identity, _ := json.Marshal([]any{h.provider.name, h.Dedupe.Key, h.destinations}) // strings
	return string(identity)
}

// dedupeKey returns what makes the event the same as another, or nothing.
func (h *Handler) dedupeKey(m *message, repl *caddy.Replacer) string {
	key := m.attribute(h.provider.event.ID)
	if h.Dedupe.Key != "" {
		key = repl.ReplaceAll(h.Dedupe.Key, "")
	}
	if key == "" {
		return ""
	}
	return m.url() + "\n" + key // there is no line feed in a URL
}

// url returns the URL of the original request with its query.
func (m *message) url() string {
	original, _ := m.original()
	u := requestURL(m.Request, original)
	if original.RawQuery != "" || original.ForceQuery {
		u += "?" + original.RawQuery
	}
	return u
}
