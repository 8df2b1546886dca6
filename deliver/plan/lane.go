package plan

import (
	"slices"
	"time"
)

// manyRefusals is after how many attempts that failed at the target the next event of
// the same subject is tried, too.
const manyRefusals = 3

// lane has the events about the same thing, which are tried one after the other.
//
// One that waits for its retry holds up those after it. After its third refusal the
// next one is tried, and while they are refused the next: it may be only the first
// that the target does not want. If one is taken, those before it are tried once more
// at once, as the target may have come back just then, and then set aside, to be
// retried beside the others. So an outage costs the order of one event of a subject.
type lane struct {
	plan    *Plan
	subject uint64
	events  []*event // in their order; without those that were set aside or given up
	busy    bool     // one of them is being tried
}

func (p *Plan) laneOf(subject uint64) *lane {
	l := p.lanes[subject]
	if l == nil {
		l = &lane{plan: p, subject: subject}
		p.lanes[subject] = l
	}
	return l
}

func (l *lane) add(e *event) {
	e.lane = l
	i := len(l.events)
	for i > 0 && l.events[i-1].id > e.id { // those of an earlier plan come in their order, too
		i--
	}
	l.events = slices.Insert(l.events, i, e)
	l.offer()
}

// offer puts what may be tried into the plan's queues.
func (l *lane) offer() {
	if l.busy {
		return
	}
	for i, e := range l.events {
		if e.queue == nil {
			l.plan.offer(e)
		}
		if !l.passes(i) {
			return
		}
	}
}

// passes tells whether the event after the one there may be tried, too.
func (l *lane) passes(i int) bool {
	e, first := l.events[i], l.events[0]
	return !l.plan.settings.Strict && !e.suspect && e.Reached > 0 && first.Reached >= manyRefusals &&
		!(first.Innocent && first.Last.Before(l.plan.recovered)) // what was refused in an outage says nothing
}

// begin says that one of the events is being tried: none of the others may be.
func (l *lane) begin() {
	l.withdraw()
	l.busy = true
}

// withdraw takes what may be tried out of the plan's queues.
func (l *lane) withdraw() {
	for i, e := range l.events {
		e.leaveQueue()
		if !l.passes(i) {
			return
		}
	}
}

// took says that the target took one of the events.
func (l *lane) took(e *event, now time.Time) {
	for _, other := range l.events[:slices.Index(l.events, e)] {
		other.suspect = true
		other.leaveQueue()
		other.Due = now
	}
	l.remove(e)
}

// setAside takes an event out of the lane for good.
func (l *lane) setAside(e *event) {
	l.remove(e)
	e.Aside = true
}

func (l *lane) remove(e *event) {
	e.lane, e.suspect = nil, false
	if i := slices.Index(l.events, e); i >= 0 {
		l.events = slices.Delete(l.events, i, i+1)
	}
	if len(l.events) == 0 {
		delete(l.plan.lanes, l.subject)
	}
}
