package plan

import "time"

// at takes note of the time. If it is earlier than one that was told before, a clock was
// set back, and what was to come then is to come as much earlier: no retry waits for a
// clock to catch up. (One that was set ahead has retries come early.)
func (p *Plan) at(now time.Time) time.Time {
	now = now.Round(0) // as those of an earlier plan, which have no monotonic clock
	if by := now.Sub(p.latest); by < 0 {
		for _, at := range []*time.Time{&p.heldUntil, &p.rateAt, &p.breaker.since, &p.breaker.probeAt} {
			shift(at, by)
		}
		for _, e := range p.events {
			shift(&e.Last, by)
			shift(&e.Due, by)
			shift(&e.recovered, by)
		}
	}
	p.latest = now
	if longest := now.Add(MaxHold); p.heldUntil.After(longest) {
		p.heldUntil = longest
	}
	return now
}

func shift(t *time.Time, by time.Duration) {
	if !t.IsZero() {
		*t = t.Add(by)
	}
}

// jitter returns a wait that differs by a fifth at most.
func (p *Plan) jitter(d time.Duration) time.Duration {
	return d/5*4 + time.Duration(p.random.Int64N(int64(d/5*2)+1))
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
