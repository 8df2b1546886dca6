package plan

import (
	"slices"
	"time"
)

// took notes that an event was taken.
func (p *Plan) took(e *event, now time.Time) {
	p.taken++
	if e.lane != nil {
		e.lane.took(e, now)
	}
	p.forget(e)
	if p.breaker.took(p.settings.Concurrency) {
		p.recover(now)
	}
}

// failed notes that an attempt failed.
func (p *Plan) failed(e *event, now time.Time, o Outcome) (dead bool) {
	if o.Hold > 0 {
		p.heldUntil = later(p.heldUntil, now.Add(min(o.Hold, MaxHold)))
	}
	uses := !p.settings.Strict && p.speaksAgainst(e)
	if e.Last.IsZero() {
		e.First = p.taken
	}
	e.Last, e.Then, e.Innocent, e.again = now, p.taken, !uses, false
	p.history.failed(e)
	if o.Reached {
		e.Reached++
	}
	if uses {
		e.Used++
	}
	began := p.breaker.failed(e, now, p.jitter)
	p.schedule(e)
	if began {
		p.change(p.history.from(p.breaker.since), func(e *event) {
			if p.isProbe(e) {
				e.Due = e.Last
			}
		})
	}
	if e.Used >= len(p.settings.Retry) && !p.settings.Strict {
		p.giveUp(e)
		return true
	}
	if e.suspect && o.Reached {
		e.lane.setAside(e)
	}
	e.suspect = false
	return false
}

// speaksAgainst tells whether an event's failure is likely its own fault: since its
// previous attempt others were taken, and at least as many as failed.
func (p *Plan) speaksAgainst(e *event) bool {
	if e.Last.IsZero() {
		return false
	}
	taken := p.taken - e.Then
	return taken > 0 && uint64(p.history.since(e)) <= taken
}

// schedule has an event that has failed tried again.
func (p *Plan) schedule(e *event) {
	wait := p.jitter(p.settings.Retry[min(e.Used, len(p.settings.Retry)-1)])
	switch {
	case e.Attempts < manyAttempts:
		if p.breaker.down && p.isProbe(e) {
			wait = 0
		}
	case p.breaker.down:
		wait = max(wait, slowRetry)
	case e.Innocent && e.Then-e.First >= manyTaken: // else such events only show how often they fail
		wait = max(wait, p.jitter(slices.Max(p.settings.Retry)), slowRetry)
	case e.Innocent:
		wait = max(wait, slowRetry)
	}
	e.Due = later(e.Last, p.heldUntil).Add(wait)
}

// isProbe tells whether an event may be a probe while the target is down whenever it
// failed, since nothing speaks against it, and it was not tried often.
func (p *Plan) isProbe(e *event) bool { return e.Used == 0 && e.Attempts < manyAttempts }

// recover has those events tried again that failed in an outage and nothing speaks
// against, now that it is over: what was refused in it says nothing about them. Of one that
// was tried often an outage can be the doing, so it gets that hourly at most, too.
func (p *Plan) recover(now time.Time) {
	p.change(p.history.from(p.breaker.since), func(e *event) {
		if !e.Innocent || e.inFlight || e.Attempts >= manyAttempts && now.Sub(e.recovered) < slowRetry {
			return
		}
		e.again, e.recovered = true, now
		if e.Due.After(now) {
			e.Due = now
		}
	})
}

// change changes events that may be in queues.
func (p *Plan) change(events []*event, change func(e *event)) {
	for _, e := range events {
		if l := e.lane; l != nil {
			l.hide()
			l.close()
		} else {
			e.leave(ofPlan)
		}
		change(e)
	}
	for _, e := range events {
		if l := e.lane; l != nil {
			l.show()
		} else if !e.inFlight && !e.dying {
			p.offer(e)
		}
	}
}

// giveUp takes an event out of what is tried. Its lane's others go on.
func (p *Plan) giveUp(e *event) {
	e.dying = true
	l := e.lane
	if l == nil {
		e.leave(ofPlan)
		return
	}
	l.hide()
	l.remove(e)
	l.show()
}

func (p *Plan) forget(e *event) {
	p.history.done(e)
	delete(p.events, e.id)
}
