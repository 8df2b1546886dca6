// Package status knows how the receivers of this process stand: which there are,
// what became of their requests, and the last ones that were refused. Receivers
// publish it, and whoever shows it to an operator reads it. It outlives configs,
// and knows nothing of Caddy.
package status

import (
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/outcome"
)

// Started is when the process began to count.
var Started = time.Now()

// Counts is what became of the requests of one receiver, since the process
// started. It is kept over reloads.
type Counts struct {
	since            time.Time         // when the receiver was there first
	resumed          bool              // its files had events by then
	requests         [12]atomic.Uint64 // by the index in outcome.All
	lastEvent        atomic.Int64      // nanoseconds in Unix time; 0: none
	lastVerification atomic.Int64
	refusedSince     atomic.Uint64 // requests that were refused since the last good one, except for methods that nobody uses

	mu          sync.Mutex
	lastRefusal *Refusal
}

// Refusal is the last request that was refused, in short.
type Refusal struct {
	Time   time.Time `json:"time"`
	Status int       `json:"status"`
	Reason string    `json:"reason"`
	Remedy string    `json:"remedy,omitempty"`
}

var counts struct {
	sync.Mutex
	of map[string]*Counts
}

// CountsOf returns the counts of the receiver of a config: those that it had under
// another one, too, if name, provider and sites are the same. There are as many as
// there were such receivers.
func CountsOf(r *Receiver) *Counts {
	key := strings.Join(append([]string{r.Name, r.Provider}, r.Sites()...), "\n")
	counts.Lock()
	defer counts.Unlock()
	if counts.of == nil {
		counts.of = make(map[string]*Counts)
	}
	if counts.of[key] == nil {
		counts.of[key] = &Counts{since: r.Loaded, resumed: r.Resumed}
	}
	return counts.of[key]
}

// Count counts what became of a request that was received at that time.
func (c *Counts) Count(became string, received time.Time) {
	c.requests[max(0, slices.Index(outcome.All, became))].Add(1)
	switch became {
	case outcome.Stored:
		c.lastEvent.Store(received.UnixNano())
	case outcome.Verified:
		c.lastVerification.Store(received.UnixNano())
	case outcome.Duplicate:
	case outcome.MethodNotAllowed:
		return // a browser, or a scanner
	default:
		c.refusedSince.Add(1)
		return
	}
	if c.refusedSince.Load() != 0 {
		c.refusedSince.Store(0)
	}
}

// refused notes the last refusal.
func (c *Counts) refused(r Refusal) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lastRefusal = &r
}

// Receiver is a receiver of a config, which it does not change any more.
type Receiver struct {
	Name, Provider string
	Verifies       bool // the provider makes verifications
	Loaded         time.Time
	Resumed        bool // there were events in its files by then
	Outputs        []Output
	InEffect       func() bool // the config is the one that runs
	Sites          func() []string
	Counts         func() *Counts
}

// Output is one of a receiver's outputs.
type Output struct {
	Name    string // of its module
	File    string // where it is one
	Durable bool
	Failing func() bool
}

// HasFiles tells whether there is something in one of the receiver's files.
func (r *Receiver) HasFiles() bool {
	return slices.ContainsFunc(r.Outputs, func(o Output) bool {
		info, err := os.Stat(o.File)
		return err == nil && info.Size() > 0
	})
}

var published struct {
	sync.Mutex
	receivers []*Receiver
}

// Publish has the receiver reported until what it returns is called.
func Publish(r *Receiver) (withdraw func()) {
	published.Lock()
	defer published.Unlock()
	published.receivers = append(published.receivers, r)
	return func() {
		published.Lock()
		defer published.Unlock()
		published.receivers = slices.DeleteFunc(published.receivers, func(other *Receiver) bool { return other == r })
	}
}

// inEffect returns the receivers of the config that runs.
func inEffect() []*Receiver {
	published.Lock()
	all := slices.Clone(published.receivers)
	published.Unlock()
	return slices.DeleteFunc(all, func(r *Receiver) bool { return !r.InEffect() })
}
