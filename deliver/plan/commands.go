package plan

import (
	"cmp"
	"slices"
	"time"
)

// GiveUp gives an event up that is not being tried.
func (p *Plan) GiveUp(id ID) {
	if e := p.events[id]; e != nil && !e.inFlight && !e.dying {
		p.giveUp(e)
	}
}

// Forget takes an event that was given up out of the plan.
func (p *Plan) Forget(id ID) {
	if e := p.events[id]; e != nil && e.dying {
		p.forget(e)
	}
}

// Lose takes an event out of the plan that is not there any more; it may be about to be tried.
func (p *Plan) Lose(id ID) {
	p.Done(id, time.Time{}, Outcome{NotMade: true})
	p.GiveUp(id)
	p.Forget(id)
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
// it is not the target that is down: one with three retries used up at least, while a
// hundred others were taken, of those with most. In an outage there is none.
func (p *Plan) Relieve() (id ID, ok bool) {
	if !p.Full() || p.settings.Strict {
		return 0, false
	}
	for range 2 {
		for len(p.worst) > 0 {
			e := p.worst[0]
			p.worst = p.worst[1:]
			if p.isBad(e) && p.events[e.id] == e {
				p.giveUp(e)
				return e.id, true
			}
		}
		p.findWorst()
	}
	return 0, false
}

func (p *Plan) isBad(e *event) bool {
	return !e.inFlight && !e.dying && e.Used >= manyUsed && e.Then-e.First >= manyTaken
}

// findWorst looks through all events, for some at a time.
func (p *Plan) findWorst() {
	for _, e := range p.events {
		if p.isBad(e) {
			p.worst = append(p.worst, e)
		}
	}
	slices.SortFunc(p.worst, func(a, b *event) int {
		return cmp.Or(cmp.Compare(b.Used, a.Used), cmp.Compare(a.id, b.id))
	})
	p.worst = slices.Clone(p.worst[:min(len(p.worst), MaxUndone/100)])
}

// Pause has no attempt begun any more.
func (p *Plan) Pause() { p.paused = true }

// Resume has attempts begun again, the next one at once, whatever the target wants and
// how often it failed.
func (p *Plan) Resume(now time.Time) {
	now = p.at(now)
	p.paused, p.heldUntil = false, time.Time{}
	p.breaker.probeAt, p.breaker.forced = now, true
	var oldest *event
	for _, e := range p.tried.events {
		if oldest == nil || e.id < oldest.id {
			oldest = e
		}
	}
	if oldest != nil && oldest.Due.After(now) {
		p.change([]*event{oldest}, func(e *event) { e.Due = now })
	}
}
