package plan

import "time"

const (
	// downAfter is after how many failed attempts in a row a target counts as down.
	downAfter = 5

	// While it is down, probes are so far apart, twice as far each time.
	firstProbe = time.Second
	lastProbe  = time.Minute
)

// breaker tells whether the target is down, and how much it is trusted.
type breaker struct {
	down    bool
	row     int           // failed attempts since the last one that was taken
	since   time.Time     // of the first of them
	culprit ID            // if all of them were for that event
	several bool          // they were for more than one
	window  int           // attempts at a time: one after an outage, one more for each that is taken
	backoff time.Duration // between probes
	probeAt time.Time     // of the next probe
	forced  bool          // it may be of any event
}

// took says that an attempt succeeded, and tells whether that ends an outage.
func (b *breaker) took(limit int) (recovered bool) {
	recovered = b.down
	b.row, b.several, b.down, b.forced = 0, false, false, false
	b.window = min(b.window+1, limit)
	return recovered
}

// failed says that an attempt did not, and tells whether an outage begins with it.
func (b *breaker) failed(e *event, now time.Time, jitter func(time.Duration) time.Duration) (began bool) {
	if b.row == 0 && !b.down {
		b.since = now
	}
	b.several = b.several || b.row > 0 && e.id != b.culprit
	b.row++
	b.culprit = e.id
	switch {
	case b.down && !e.probe: // it was begun before
		return false
	case b.down:
		b.backoff = min(2*b.backoff, lastProbe)
	case b.row >= downAfter:
		b.down, b.window, b.backoff, began = true, 0, firstProbe, true
	default:
		return false
	}
	b.forced = false
	b.probeAt = now.Add(min(max(jitter(b.backoff), firstProbe), lastProbe))
	return began
}

// limit is how many attempts there may be at a time.
func (p *Plan) limit() int {
	if p.breaker.down {
		return 1
	}
	return min(p.breaker.window, p.settings.Concurrency)
}

// probe returns an event to find out by whether the target is up again: one that was
// never tried, as it may be the others that it does not want; else the one that was due
// first. What nothing speaks against is due as soon as it has failed; see fail.
func (p *Plan) probe(now time.Time) *event {
	if e := p.fresh.first(); e != nil && !now.Before(p.freshProbe()) {
		return e
	}
	e := p.tried.first()
	if e == nil || now.Before(p.triedProbe()) {
		return nil
	}
	return e
}

// freshProbe is from when on an event that was never tried may be a probe: at once, if
// all that failed was a single other one.
func (p *Plan) freshProbe() time.Time {
	if !p.breaker.several && p.breaker.row > 0 {
		return time.Unix(0, 0)
	}
	return p.breaker.probeAt
}

// triedProbe is from when on the first of the others may be.
func (p *Plan) triedProbe() time.Time {
	if p.breaker.forced {
		return p.breaker.probeAt
	}
	return later(p.breaker.probeAt, p.tried.first().Due)
}

// Wake is when there may be an attempt to be made without anything else happening;
// zero if there is no such time.
func (p *Plan) Wake() time.Time {
	if p.paused || p.inFlight >= p.limit() {
		return time.Time{}
	}
	var at time.Time
	switch fresh, tried := p.fresh.first(), p.tried.first(); {
	case p.breaker.down && fresh != nil:
		at = p.freshProbe()
	case p.breaker.down && tried != nil:
		at = p.triedProbe()
	case fresh != nil:
		// now
	case tried != nil:
		at = tried.Due
	default:
		return time.Time{}
	}
	at = later(at, time.Unix(0, 0)) // one whose first attempt a crash ended has no time
	return later(at, later(p.heldUntil, p.rateAt))
}
