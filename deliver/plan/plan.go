// Package plan decides which event is sent next, when, and when one is given up: the
// rules for attempts, retries, the order within a subject, and the breaker. It knows no
// clock, disk or network: whoever asks says what time it is, and tells what became of
// each attempt. It is used by one goroutine.
//
// An outage makes no dead letters. A failure uses up a retry of its event only if,
// since that event's previous attempt, other events were taken, and at least as many
// as failed: what a target refuses while it takes others is the event's fault, and
// what it refuses with all others its own.
package plan

import (
	"math/rand/v2"
	"time"
)

const (
	// MaxUndone is how many events may be read and not done.
	MaxUndone = 10_000

	// leastReady is how many events are read ahead at least, so that an attempt
	// need not wait for the disk.
	leastReady = 16

	// manyAttempts is after how many an event that nothing speaks against is tried
	// once in slowRetry only.
	manyAttempts = 10
	slowRetry    = time.Hour

	// An event that is given up for too many being undone has used up manyUsed retries
	// at least, while manyTaken others were taken.
	manyUsed  = 3
	manyTaken = 100

	// MaxHold is for how long a target can ask to be left alone.
	MaxHold = time.Hour
)

// DefaultRetry are the waits between the attempts for one event: those that the
// specification of Standard Webhooks recommends, some 75 hours in all.
var DefaultRetry = []time.Duration{
	5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour,
	10 * time.Hour, 14 * time.Hour, 20 * time.Hour, 24 * time.Hour,
}

// Settings are an operator's wishes.
type Settings struct {
	Strict      bool            // the order of all events, instead of those of one subject
	Concurrency int             // attempts at a time; 1 where Strict
	Rate        int             // attempts a second; 0: no limit
	Retry       []time.Duration // waits between the attempts for one event
}

// ID tells events apart. Those read later have larger ones.
type ID uint64

// State is what has to be remembered of an event that is not done.
type State struct {
	Attempts int       // that were begun
	Used     int       // retries that were used up
	Reached  int       // failed attempts that got to the target
	Aside    bool      // it holds up nobody any more
	Innocent bool      // its last failure used up no retry: it may have been the target's
	Due      time.Time // before that it is not tried again, unless the target is down
	Last     time.Time // when its last attempt ended
	Then     uint64    // how many events had been taken by then
	First    uint64    // and when its first attempt had failed
}

// Memory is what has to be remembered beside the events.
type Memory struct {
	Taken        uint64    // events, ever
	Down, Paused bool      // the target is, by the breaker and by an operator
	Held         time.Time // until then the target wants no attempt; it may be past
}

// Outcome is what became of an attempt.
type Outcome struct {
	Taken   bool          // the target has it
	Reached bool          // otherwise: the target got the request, or may have
	NotMade bool          // it was cancelled, and does not count
	Hold    time.Duration // for which the target wants no attempt at all
}

// event is one that is not done.
type event struct {
	State
	id       ID
	lane     *lane // nil: it holds up nobody, and nobody holds it up
	queues   [2]*queue
	indexes  [2]int // in these
	inFlight bool
	probe    bool // its last attempt was begun while the target was down
	dying    bool // given up, and not buried yet
	open     bool // see lane
	suspect  bool // see lane.took
	again    bool // it failed in an outage that is over, and was not tried since
	place    int  // see history; 0: it has not failed

	recovered time.Time // when again was set last
}

// Plan is which events are not done, and what comes next. See New.
type Plan struct {
	settings Settings
	random   *rand.Rand

	events map[ID]*event
	lanes  map[uint64]*lane
	fresh  queue // never tried, and ready, in their order
	tried  queue // by when they are due

	breaker   breaker
	paused    bool
	heldUntil time.Time
	rateAt    time.Time // of the next attempt
	inFlight  int
	turn      bool // of those that were tried
	taken     uint64
	history   history
	latest    time.Time // of all that were told
	worst     []*event  // see Relieve
}

// New returns a plan, which goes on from what an earlier one remembered. The random
// numbers are for the waits, which differ by a fifth to either side.
func New(s Settings, m Memory, random *rand.Rand) *Plan {
	p := &Plan{
		random: random, events: make(map[ID]*event), lanes: make(map[uint64]*lane),
		fresh: queue{before: byID}, tried: queue{before: byDue},
	}
	p.taken, p.paused, p.heldUntil = m.Taken, m.Paused, m.Held
	p.Set(s)
	p.breaker.window = p.settings.Concurrency
	if m.Down {
		p.breaker = breaker{down: true, backoff: firstProbe}
	}
	return p
}

// Set changes the settings, except for Strict, which is of the beginning.
func (p *Plan) Set(s Settings) {
	if p.settings.Concurrency == 0 {
		p.settings.Strict = s.Strict
	}
	s.Strict = p.settings.Strict
	if s.Strict || s.Concurrency < 1 {
		s.Concurrency = 1
	}
	if len(s.Retry) == 0 {
		s.Retry = DefaultRetry
	}
	p.settings = s
}

// Wants tells how many more events are to be added.
func (p *Plan) Wants() int {
	ready := max(leastReady, 2*p.settings.Concurrency)
	return max(0, min(ready-p.fresh.Len(), MaxUndone-len(p.events)))
}

// Full tells whether no more can be added since too many are not done.
func (p *Plan) Full() bool { return len(p.events) >= MaxUndone }

// Add adds an event; it may hold up later ones of the same subject, which is a hash, or 0
// if it has none. The state is zero, unless the event was added before, to an earlier
// plan. dead tells that it had been given up.
func (p *Plan) Add(id ID, subject uint64, s State) (dead bool) {
	e := &event{State: s, id: id}
	e.Then = min(e.Then, p.taken)
	p.events[id] = e
	if !s.Last.IsZero() {
		p.history.restore(e)
		p.latest = later(p.latest, s.Last)
	}
	if s.Used >= len(p.settings.Retry) && !p.settings.Strict {
		e.dying = true
		return true
	}
	switch {
	case p.settings.Strict:
		p.laneOf(0).add(e)
	case subject != 0 && !s.Aside:
		p.laneOf(subject).add(e)
	default:
		p.offer(e)
	}
	return false
}

// Next begins an attempt, if there is one to be made now. It counts.
func (p *Plan) Next(now time.Time) (id ID, attempt int, ok bool) {
	now = p.at(now)
	if p.paused || now.Before(p.heldUntil) || now.Before(p.rateAt) || p.inFlight >= p.limit() {
		return 0, 0, false
	}
	var e *event
	if p.breaker.down {
		e = p.probe(now)
	} else {
		e = p.choose(now)
	}
	if e == nil {
		return 0, 0, false
	}
	if e.lane != nil {
		e.lane.begin(e)
	} else {
		e.leave(ofPlan)
	}
	e.inFlight, e.probe = true, p.breaker.down
	e.Attempts++
	p.inFlight++
	if p.settings.Rate > 0 {
		p.rateAt = now.Add((time.Second-1)/time.Duration(p.settings.Rate) + 1) // rounded up
	}
	return e.id, e.Attempts, true
}

// choose returns an event to be tried while the target is up: those that were tried
// and fresh ones by turns, so that neither wait for the others.
func (p *Plan) choose(now time.Time) *event {
	tried, fresh := p.tried.first(), p.fresh.first()
	if tried != nil && tried.Due.After(now) {
		tried = nil
	}
	p.turn = !p.turn
	if tried != nil && (p.turn || fresh == nil) {
		return tried
	}
	return fresh
}

// Done tells what became of an attempt. dead tells that the event is given up: it is
// to be put into the dead letters, and stays undone until Forget.
func (p *Plan) Done(id ID, now time.Time, o Outcome) (dead bool) {
	e := p.events[id]
	if e == nil || !e.inFlight {
		return false
	}
	e.inFlight = false
	p.inFlight--
	l := e.lane
	switch {
	case o.NotMade:
		e.Attempts--
	case o.Taken:
		p.took(e, p.at(now))
	default:
		dead = p.failed(e, p.at(now), o)
	}
	if l != nil {
		l.end(e)
	}
	if e.lane == nil && !o.Taken && !dead {
		p.offer(e)
	}
	return dead
}

// Len is how many events are not done.
func (p *Plan) Len() int { return len(p.events) }

// Down tells whether the target counts as down.
func (p *Plan) Down() bool { return p.breaker.down }

// HeldUntil is when attempts may be begun again that the target does not want now; it may be past.
func (p *Plan) HeldUntil() time.Time { return p.heldUntil }

// Paused tells whether attempts are held back.
func (p *Plan) Paused() bool { return p.paused }

// StateOf returns what has to be remembered of an event that is not done.
func (p *Plan) StateOf(id ID) (s State, ok bool) {
	e := p.events[id]
	if e == nil {
		return State{}, false
	}
	return e.State, true
}

// Memory returns what has to be remembered beside the events.
func (p *Plan) Memory() Memory {
	return Memory{Taken: p.taken, Down: p.breaker.down, Paused: p.paused, Held: p.heldUntil}
}
