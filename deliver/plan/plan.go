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
	"container/heap"
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

	// manyTaken is how many others must have been taken beside an event that is given
	// up for too many being undone.
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
	Taken        uint64 // events, ever
	Down, Paused bool
}

// Outcome is what became of an attempt.
type Outcome struct {
	Taken   bool
	Reached bool          // otherwise: the target got the request, or may have
	NotMade bool          // it was cancelled, and does not count
	Hold    time.Duration // for which the target wants no attempt at all
}

// event is one that is not done.
type event struct {
	State
	id       ID
	lane     *lane // nil: it holds up nobody, and nobody holds it up
	queue    *queue
	index    int // in the queue
	inFlight bool
	dying    bool // given up, and not buried yet
	suspect  bool // see lane.took

	before, after *event // by the time of the last attempt; see history
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
	recovered time.Time // when the target was up again
	paused    bool
	heldUntil time.Time
	rateAt    time.Time // of the next attempt
	inFlight  int
	turn      bool // of those that were tried
	taken     uint64
	history   history
}

// New returns a plan, which goes on from what an earlier one remembered. The random
// numbers are for the waits, which differ by a fifth to either side.
func New(s Settings, m Memory, random *rand.Rand) *Plan {
	p := &Plan{
		random: random, events: make(map[ID]*event), lanes: make(map[uint64]*lane),
		fresh: queue{before: func(a, b *event) bool { return a.id < b.id }},
		tried: queue{before: func(a, b *event) bool { return a.Due.Before(b.Due) }},
	}
	p.breaker.window = 1
	if m.Down {
		p.breaker = breaker{down: true, backoff: firstProbe}
	}
	p.taken, p.paused = m.Taken, m.Paused
	p.Set(s)
	return p
}

// Set changes the settings, except for Strict, which is of the beginning.
func (p *Plan) Set(s Settings) {
	if p.settings.Concurrency == 0 {
		p.settings.Strict = s.Strict
	}
	s.Strict = p.settings.Strict
	if s.Strict {
		s.Concurrency = 1
	}
	p.settings = s
}

// Wants tells how many more events are to be added.
func (p *Plan) Wants() int {
	ready := max(leastReady, 2*p.settings.Concurrency)
	return max(0, min(ready-p.fresh.len(), MaxUndone-len(p.events)))
}

// Full tells whether no more can be added since too many are not done.
func (p *Plan) Full() bool { return len(p.events) >= MaxUndone }

// Add adds an event; it may hold up later ones of the same subject, which is a hash, or 0
// if it has none. The state is zero, unless the event was added before, to an earlier
// plan. dead tells that it had been given up.
func (p *Plan) Add(id ID, subject uint64, s State) (dead bool) {
	e := &event{State: s, id: id}
	p.events[id] = e
	if !s.Last.IsZero() {
		p.history.add(e)
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
	e.leaveQueue()
	e.inFlight = true
	e.Attempts++
	p.inFlight++
	if e.lane != nil {
		e.lane.begin()
	}
	if p.settings.Rate > 0 {
		if p.rateAt.Before(now) {
			p.rateAt = now
		}
		p.rateAt = p.rateAt.Add(time.Second / time.Duration(p.settings.Rate))
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
	if l != nil {
		l.busy = false
	}
	switch {
	case o.NotMade:
		e.Attempts--
	case o.Taken:
		p.taken++
		p.Forget(id)
		if l != nil {
			l.took(e, now)
		}
		if p.breaker.took(p.settings.Concurrency) {
			p.recover(now)
		}
	default:
		if o.Hold > 0 {
			p.heldUntil = later(p.heldUntil, now.Add(min(o.Hold, MaxHold)))
		}
		dead = p.fail(e, now, o)
	}
	switch {
	case l != nil:
		l.offer()
	case !o.Taken && !dead:
		p.offer(e)
	}
	return dead
}

// fail notes that an attempt failed.
func (p *Plan) fail(e *event, now time.Time, o Outcome) (dead bool) {
	p.breaker.failed(e.id, now, p.jitter)
	uses := !p.settings.Strict && p.speaksAgainst(e)
	if e.Last.IsZero() {
		e.First = p.taken
	} else {
		p.history.remove(e)
	}
	e.Last, e.Then = now, p.taken
	p.history.add(e)
	if o.Reached {
		e.Reached++
	}
	if uses {
		e.Used++
	}
	if e.Used >= len(p.settings.Retry) && !p.settings.Strict {
		p.giveUp(e)
		return true
	}
	wait := p.settings.Retry[min(e.Used, len(p.settings.Retry)-1)]
	if !uses && e.Attempts >= manyAttempts {
		wait = max(wait, slowRetry)
	}
	e.Due, e.Innocent = later(now, p.heldUntil).Add(p.jitter(wait)), !uses
	if e.suspect && o.Reached {
		e.lane.setAside(e)
		p.offer(e)
	}
	return false
}

// speaksAgainst tells whether an event's failure is likely its own fault: since its
// previous attempt others were taken, and at least as many as failed.
func (p *Plan) speaksAgainst(e *event) bool {
	if e.Last.IsZero() {
		return false
	}
	taken := p.taken - e.Then
	return taken > 0 && p.history.since(e, taken+1) <= taken
}

// recover has events tried again that nothing speaks against, now that the target is up
// again.
func (p *Plan) recover(now time.Time) {
	for _, l := range p.lanes {
		l.withdraw()
	}
	p.recovered = now
	for _, e := range p.tried.events {
		if e.Innocent && e.Due.After(now) {
			e.Due = now
		}
	}
	heap.Init(&p.tried)
	for _, l := range p.lanes {
		l.offer()
	}
}

// giveUp takes an event out of what is tried. Its lane's others go on.
func (p *Plan) giveUp(e *event) {
	e.leaveQueue()
	e.dying = true
	if l := e.lane; l != nil {
		l.remove(e)
		l.offer()
	}
}

// GiveUp gives an event up that is not being tried.
func (p *Plan) GiveUp(id ID) {
	if e := p.events[id]; e != nil && !e.inFlight && !e.dying {
		p.giveUp(e)
	}
}

// Lose takes an event out of the plan that is not there any more; it may be about to be tried.
func (p *Plan) Lose(id ID) {
	e := p.events[id]
	if e == nil {
		return
	}
	if e.inFlight {
		p.Done(id, time.Time{}, Outcome{NotMade: true})
	}
	p.GiveUp(id)
	p.Forget(id)
}

// Forget takes an event that was given up out of the plan.
func (p *Plan) Forget(id ID) {
	if e := p.events[id]; e != nil && !e.Last.IsZero() {
		p.history.remove(e)
	}
	delete(p.events, id)
}

// Skip gives up the oldest event that has failed and is not being tried just now.
func (p *Plan) Skip() (id ID, ok bool) {
	var oldest *event
	for _, e := range p.events {
		if !e.inFlight && !e.dying && !e.Last.IsZero() && (oldest == nil || e.id < oldest.id) {
			oldest = e
		}
	}
	if oldest == nil {
		return 0, false
	}
	p.giveUp(oldest)
	return oldest.id, true
}

// Relieve gives up one event, if there are so many undone that nothing can be added, and
// it is not the target that is down: that one was tried ten times at least, while a
// hundred others were taken. In an outage there is none.
func (p *Plan) Relieve() (id ID, ok bool) {
	if !p.Full() || p.settings.Strict {
		return 0, false
	}
	var chosen *event
	for _, e := range p.events {
		if !e.inFlight && !e.dying && e.Attempts >= manyAttempts && e.Then-e.First >= manyTaken &&
			(chosen == nil || e.Then-e.First > chosen.Then-chosen.First) {
			chosen = e
		}
	}
	if chosen == nil {
		return 0, false
	}
	p.giveUp(chosen)
	return chosen.id, true
}

// Pause has no attempt begun any more.
func (p *Plan) Pause() { p.paused = true }

// Resume has attempts begun again, the next one at once, whatever the target wants and
// how often it failed.
func (p *Plan) Resume(now time.Time) {
	p.paused, p.heldUntil = false, time.Time{}
	p.breaker.probeAt, p.breaker.forced = now, true
	var oldest *event
	for _, e := range p.tried.events {
		if oldest == nil || e.id < oldest.id {
			oldest = e
		}
	}
	if oldest != nil && oldest.Due.After(now) {
		oldest.leaveQueue()
		oldest.Due = now
		p.offer(oldest)
	}
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
func (p *Plan) Memory() Memory { return Memory{p.taken, p.breaker.down, p.paused} }

// jitter returns a wait that differs by a fifth at most.
func (p *Plan) jitter(d time.Duration) time.Duration {
	return time.Duration(float64(d) * (0.8 + 0.4*p.random.Float64()))
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
