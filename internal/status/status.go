// Package status knows how the receivers of this process stand: which there are,
// what became of their requests, and the last ones that were refused. Receivers
// publish it, and whoever shows it to an operator reads it. It outlives configs,
// and knows nothing of Caddy.
package status

import (
	"context"
	"errors"
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
	lastVerifier     atomic.Pointer[string]
	minutes          minutes
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

// Counted returns how many requests all receivers have answered.
func Counted() (n uint64) {
	counts.Lock()
	defer counts.Unlock()
	for _, c := range counts.of {
		for i := range c.requests {
			n += c.requests[i].Load()
		}
	}
	return n
}

// Count counts what became of a request that was received at that time, and from whom.
func (c *Counts) Count(became string, received time.Time, clientIP func() string) {
	c.requests[max(0, slices.Index(outcome.All, became))].Add(1)
	switch became {
	case outcome.Stored:
		c.lastEvent.Store(received.UnixNano())
		c.minutes.count(received, false)
	case outcome.Verified:
		c.lastVerification.Store(received.UnixNano())
		by := clientIP()
		c.lastVerifier.Store(&by)
	case outcome.Duplicate:
	case outcome.MethodNotAllowed:
		return // a browser, or a scanner
	default:
		c.refusedSince.Add(1)
		c.minutes.count(received, true)
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
	Service        Service
	PublicURL      string // that the sender was given, if the config has it, without user and password
	PublicBase     bool   // it is only scheme and host
	Verifies       bool   // the provider makes verifications
	Loaded         time.Time
	Resumed        bool // there were events in its files by then
	Outputs        []Output
	InEffect       func() bool // the config is the one that runs
	Sites          func() []string
	Counts         func() *Counts

	// Certificates tells of those of the sites, of a config that runs.
	Certificates func(sites []string) []Certificate

	// Test sends the receiver a sample event, and returns what became of it in words; nil where
	// nobody but the service can make one.
	Test func(context.Context) (string, error)
}

// Service is what whoever sets a webhook up must know of the service that sends it.
type Service struct {
	Title  string `json:"title"`            // as it calls itself
	Docs   string `json:"docs,omitempty"`   // URL of its documents
	Note   string `json:"note,omitempty"`   // in Markdown
	Token  string `json:"token,omitempty"`  // what verify_token is there, in Markdown
	Secret string `json:"secret,omitempty"` // what secret is there
	Check  string `json:"check,omitempty"`  // how events are signed
}

// Output is one of a receiver's outputs.
type Output struct {
	Name    string // of its module
	File    string // where it is one
	Raw     bool   // the file has what was sent and nothing else, so that nothing in it is the receiver's word
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

// File is one in which receivers of the config that runs store.
type File struct {
	Receivers []string // their names
	Raw       bool     // one of them stores what was sent and nothing else
}

// Files returns them, by their paths.
func Files() map[string]File {
	all := make(map[string]File)
	for _, r := range inEffect() {
		for _, o := range r.Outputs {
			if o.File == "" {
				continue
			}
			of := all[o.File]
			if !slices.Contains(of.Receivers, r.Name) {
				of.Receivers = append(of.Receivers, r.Name)
			}
			of.Raw = of.Raw || o.Raw
			all[o.File] = of
		}
	}
	return all
}

// Test sends a receiver a sample event, or each of those that have the name, and returns what became of it in words.
func Test(ctx context.Context, receiver string) (string, error) {
	var results []string
	var failures []error
	for _, r := range inEffect() {
		if r.Name != receiver || r.Test == nil {
			continue
		}
		result, err := r.Test(ctx)
		if err != nil {
			failures = append(failures, err)
		} else {
			results = append(results, result)
		}
	}
	switch {
	case len(failures) > 0:
		return strings.Join(results, "; "), errors.Join(failures...)
	case len(results) == 0:
		return "", errors.New("there is no such receiver that can be sent a sample event")
	}
	return strings.Join(results, "; "), nil
}

// inEffect returns the receivers of the config that runs.
func inEffect() []*Receiver {
	published.Lock()
	all := slices.Clone(published.receivers)
	published.Unlock()
	return slices.DeleteFunc(all, func(r *Receiver) bool { return !r.InEffect() })
}
