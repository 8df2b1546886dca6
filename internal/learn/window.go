// Package learn has the secrets that services make themselves, and send when an endpoint is
// verified. Anybody can send one. So one is taken only while somebody waits for it, and counts
// only once it has been confirmed. They are kept in Caddy's storage.
package learn

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/outcome"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/status"
)

// Open is how long a secret is waited for, and then for its confirmation.
const Open = 10 * time.Minute

// now is the clock. Only tests set it.
var now = time.Now

// Candidate is a secret that has come, and is not confirmed yet.
type Candidate struct {
	ID        string    `json:"id"`
	Time      time.Time `json:"time"`
	ClientIP  string    `json:"client_ip"`
	UserAgent string    `json:"user_agent,omitempty"`

	secret string
	forget func() // has it be hidden no more
}

// Window is while a receiver's secret is waited for.
type Window struct {
	Until     time.Time  `json:"until"`
	Candidate *Candidate `json:"candidate,omitempty"` // the first secret that has come
}

// windows are of the process, so that a reload changes nothing of them.
var windows struct {
	sync.Mutex
	open map[string]*Window // by key
}

// key is of the receiver, and of no other one that may have its name after a reload.
func (s *Secrets) key() string { return s.provider + " " + s.receiver }

// window returns the one that is open, or nil. Whoever calls it holds the lock.
func window(key string) *Window {
	w := windows.open[key]
	if w == nil || now().Before(w.Until) {
		return w
	}
	closeWindow(key)
	return nil
}

// closeWindow forgets what has come. Whoever calls it holds the lock.
func closeWindow(key string) {
	if w := windows.open[key]; w != nil && w.Candidate != nil {
		w.Candidate.forget()
	}
	delete(windows.open, key)
}

// copied is what others may have of it.
func (w *Window) copied() *Window {
	if w == nil {
		return nil
	}
	c := *w
	return &c
}

// Open waits for a secret, unless that is done already.
func (s *Secrets) Open() *Window {
	windows.Lock()
	defer windows.Unlock()
	w := window(s.key())
	if w == nil {
		w = &Window{Until: now().Add(Open)}
		if windows.open == nil {
			windows.open = make(map[string]*Window)
		}
		windows.open[s.key()] = w
	}
	return w.copied()
}

// Window returns how it stands with waiting: nil, if nobody does.
func (s *Secrets) Window() *Window {
	windows.Lock()
	defer windows.Unlock()
	return window(s.key()).copied()
}

// Close ends the waiting, if nothing has come yet.
func (s *Secrets) Close() {
	windows.Lock()
	defer windows.Unlock()
	if w := window(s.key()); w != nil && w.Candidate == nil {
		closeWindow(s.key())
	}
}

var (
	errNoCandidate = errors.New("that secret is no longer there: nobody has confirmed it in time, or somebody else has answered; have the service send another one")
	errTooMany     = fmt.Errorf("the receiver has %d learnt secrets, and takes no more: --forget forgets them, or another receiver has its own", maxLearnt)
)

// Reject has what has come not count, and ends the waiting.
func (s *Secrets) Reject(id string) error {
	s.mu.Lock() // it may just be kept
	defer s.mu.Unlock()
	return s.reject(id)
}

func (s *Secrets) reject(id string) error {
	windows.Lock()
	defer windows.Unlock()
	if w := window(s.key()); w == nil || w.Candidate == nil || w.Candidate.ID != id {
		return errNoCandidate
	}
	closeWindow(s.key())
	return nil
}

// candidate returns the secret that has come, or nil.
func (s *Secrets) candidate() *Candidate {
	windows.Lock()
	defer windows.Unlock()
	if w := window(s.key()); w != nil {
		return w.Candidate
	}
	return nil
}

// Offer takes a secret that a service sends, or refuses it. It tells whether it is a new one.
// What is known already is fine, as an answer may have got lost.
func (s *Secrets) Offer(secret, clientIP, userAgent string) (isNew bool, err error) {
	if err := s.verifier.CheckSecret(secret); err != nil {
		return false, outcome.Malformed(fmt.Errorf("the secret that was offered %w", err))
	}
	windows.Lock()
	defer windows.Unlock()
	if s.verifier.Knows(secret) { // also if it was confirmed just now
		return false, nil
	}
	w := window(s.key())
	switch {
	case w == nil:
		return false, s.refuse("a secret was offered, and nobody had asked for one", "if you have just set a webhook up: run caddy webhook learn "+s.receiver+", and set it up again meanwhile; else somebody has tried to have a secret of their own taken")
	case w.Candidate == nil:
	case isSame(secret, w.Candidate.secret):
		return false, nil
	default:
		return false, s.refuse("a secret was offered, and another one had come before", "answer caddy webhook learn "+s.receiver+", which asks about the first one; if that is not the service's, say no, run it again, and set the webhook up again")
	}
	id := make([]byte, 8)
	if _, err := rand.Read(id); err != nil {
		return false, outcome.Busy(err)
	}
	w.Candidate = &Candidate{
		ID: hex.EncodeToString(id), Time: now().UTC(), ClientIP: clientIP, UserAgent: status.Shortened(userAgent, maxUserAgent),
		secret: secret, forget: status.Know([]string{secret}),
	}
	w.Until = now().Add(Open)
	return true, nil
}

// maxUserAgent is how much is kept of the sender's name, in bytes.
const maxUserAgent = 200

// refuse is what the service takes for a webhook that can't be set up.
func (s *Secrets) refuse(reason, remedy string) error {
	return &outcome.Refusal{Status: http.StatusForbidden, Outcome: outcome.BadToken, Reason: errors.New(reason), Remedy: remedy}
}
