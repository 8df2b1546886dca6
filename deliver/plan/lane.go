package plan

import (
	"cmp"
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
	open    int      // so many of the first ones may be tried
	tried   queue    // those of them that were tried before
	busy    bool     // one of them is being tried
}

func (p *Plan) laneOf(subject uint64) *lane {
	l := p.lanes[subject]
	if l == nil {
		l = &lane{plan: p, subject: subject, tried: queue{before: byDue, slot: ofLane}}
		p.lanes[subject] = l
	}
	return l
}

func (l *lane) add(e *event) {
	e.lane = l
	i := l.indexOf(e) // at the end, except for one of an earlier plan
	l.hide()
	if i < l.open {
		l.close()
	}
	l.events = slices.Insert(l.events, i, e)
	l.show()
}

// indexOf returns where an event is, or belongs.
func (l *lane) indexOf(e *event) int {
	if n := len(l.events); n > 0 && l.events[n-1].id < e.id {
		return n
	}
	i, _ := slices.BinarySearchFunc(l.events, e.id, func(e *event, id ID) int { return cmp.Compare(e.id, id) })
	return i
}

// passes tells whether the event after the one there may be tried, too.
func (l *lane) passes(i int) bool {
	e, first := l.events[i], l.events[0]
	return !l.plan.settings.Strict && !e.suspect && e.Reached > 0 && first.Reached >= manyRefusals && !first.again
}

// show puts what may be tried first into the plan's queues: of those that were tried
// the one that is due first, and the last one if it was not.
func (l *lane) show() {
	if l.busy {
		return
	}
	for l.open < len(l.events) && (l.open == 0 || l.passes(l.open-1)) {
		e := l.events[l.open]
		e.open = true
		l.open++
		if e.Attempts > 0 {
			l.tried.add(e)
		}
	}
	if e := l.tried.first(); e != nil {
		l.plan.offer(e)
	}
	if l.open > 0 {
		if last := l.events[l.open-1]; last.Attempts == 0 {
			l.plan.offer(last)
		}
	}
}

// hide takes it out of them; what may be tried can only be changed in between.
func (l *lane) hide() {
	if e := l.tried.first(); e != nil {
		e.leave(ofPlan)
	}
	if l.open > 0 {
		l.events[l.open-1].leave(ofPlan)
	}
}

// close has none tried, until it is shown again.
func (l *lane) close() {
	for _, e := range l.events[:l.open] {
		e.open = false
	}
	l.open = 0
	l.tried.clear()
}

// begin says that one of the events is being tried: none of the others may be.
func (l *lane) begin(e *event) {
	l.hide()
	l.busy = true
	e.leave(ofLane)
}

// end says that it is not any more. It may have left the lane.
func (l *lane) end(e *event) {
	l.busy = false
	if e.lane == l && e.open && e.Attempts > 0 {
		l.tried.add(e)
	}
	l.show()
}

// took says that the target took one of the events.
func (l *lane) took(e *event, now time.Time) {
	before := l.events[:l.indexOf(e)]
	if len(before) > 0 {
		l.close()
	}
	for _, other := range before {
		other.suspect = true
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
	e.leave(ofLane)
	i := l.indexOf(e)
	if i == 0 {
		l.events[0] = nil
		l.events = l.events[1:]
	} else {
		l.events = slices.Delete(l.events, i, i+1)
	}
	if e.open {
		l.open--
	}
	e.lane, e.suspect, e.open = nil, false, false
	if i == 0 && l.open > 1 && !l.passes(0) {
		l.close()
	}
	if len(l.events) == 0 {
		delete(l.plan.lanes, l.subject)
	}
}
