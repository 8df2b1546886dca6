package deliver

import (
	"time"

	"go.uber.org/zap"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/deliver/plan"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/outcome"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/reader"
)

const (
	// expireWithin is for how long a file is kept that is spent for its age, so that what is
	// undone of it can be counted.
	expireWithin = 50 * time.Second

	// expireDeadEvery is how often dead letters are looked at whose time may be up.
	expireDeadEvery = time.Hour

	// countDeadEvery is how often dead letters are counted anew: somebody may have changed them.
	countDeadEvery = 10 * time.Second
)

// keeping is what a loop knows of files that are kept for it.
type keeping struct {
	position reader.Position // up to which was read, as the cursor says that was saved last
	undone   []reader.Position
	isSaved  bool

	deadExpired  time.Time // when dead letters were looked at last
	deadCounted  time.Time
	deadCounting bool
	deadLetters  int
}

// newTrack returns a track of the receiver's file.
func (l *loop) newTrack() *reader.Track {
	t := reader.NewTrack(l.path, l.handle.Journal)
	t.Lost, t.Passed = l.hole, l.tail
	return t
}

// keep has files kept that are needed by what the cursor says.
func (l *loop) keep() {
	if l.isSaved {
		l.needed.Store(l.track.Need(l.position, l.undone))
	}
}

// needs tells whether a rotated file may hold what is not done. A config that has not run for so long
// was rejected, and needs nothing.
func (e *engine) needs(rotated time.Time) bool {
	if need := e.needed.Load(); need != nil {
		return need.Needs(rotated)
	}
	return e.ran.Load() || time.Since(e.began()) < lookFor
}

// began returns when the last config came that has the delivery.
func (e *engine) began() time.Time {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.made
}

// expiring says that a file is about to be removed for its age. It returns once what was not
// delivered of it is counted, and the cursor is saved behind it.
func (e *engine) expiring(rotated time.Time) {
	timer := time.NewTimer(expireWithin)
	defer timer.Stop()
	done := make(chan struct{})
	e.mu.Lock()
	running := e.running
	e.mu.Unlock()
	if running == nil {
		return
	}
	select {
	case e.commands <- func(l *loop) { l.expire(rotated, done) }:
	case <-running:
		return
	case <-timer.C:
		return
	}
	select {
	case <-done:
	case <-running:
	case <-timer.C:
	}
}

// expire passes over what is in a file that is about to be removed, and counts it.
func (l *loop) expire(rotated time.Time, done chan<- struct{}) {
	if l.plan == nil || l.ending {
		close(done)
		return
	}
	expired := 0
	for id, it := range l.items {
		if it.retried || it.busy || !l.track.In(rotated, it.position) {
			continue
		}
		delete(l.unburied, id)
		l.plan.Lose(id)
		l.drop(id)
		expired++
	}
	from, ok, err := l.track.Skip(rotated)
	if err != nil {
		l.log.Error("an events' file that is removed for its age can't be looked at", zap.Error(err))
	}
	if expired == 0 && !ok {
		close(done)
		return
	}
	l.dirty = true
	path, wants := l.path, l.handle.wants
	l.inBackground(func() func() {
		unread, err := 0, error(nil)
		if ok {
			unread, err = reader.CountUnread(path, from, rotated, wants)
		}
		return func() {
			if err != nil {
				l.log.Error("an events' file that is removed for its age can't be read", zap.Error(err))
			}
			l.expired(expired + unread)
			l.dirty = true
			l.waiting = append(l.waiting, func(error) { close(done) })
		}
	})
}

// expired counts events that are removed for their age.
func (l *loop) expired(n int) {
	if n > 0 {
		l.count(outcome.Expired, uint64(n))
		l.log.Error("events that were not delivered are removed for their age, as roll_keep_for wants", zap.Int("events", n))
	}
}

// isOld tells whether something of that time may have been removed for its age.
func (l *loop) isOld(t time.Time) bool {
	return l.handle.KeepFor > 0 && !t.IsZero() && time.Since(t) > l.handle.KeepFor
}

// hole counts what somebody has taken away.
func (l *loop) hole(h reader.Hole) {
	l.dirty = true
	l.count(outcome.Lost, uint64(h.Events))
	l.log.Error("somebody has taken away what was to be delivered, or damaged it", zap.String("file", h.File), zap.Int("lost_at_least", h.Events), zap.Error(h.Err))
}

// missing tells that the place up to which was read is not there any more.
func (l *loop) missing(p reader.Position, err error) {
	if p.Rotated.Before(time.Now()) && l.isOld(p.Rotated) {
		l.expired(1)
		return
	}
	l.hole(reader.Hole{File: l.path, Events: 1, Err: err})
}

// gone tells that an event that was to be delivered is not there any more.
func (l *loop) gone(id plan.ID, err error) {
	it := l.items[id]
	l.drop(id)
	l.dirty = true
	if l.isOld(it.received) {
		l.expired(1)
		return
	}
	l.hole(reader.Hole{File: l.path, Events: 1, Err: err})
}

// tail tells of the beginning of a line that never ended.
func (l *loop) tail(file string, line []byte) {
	if passes, held := l.sampler.Pass("line", time.Now()); passes {
		l.log.Warn("a line that is no event was passed over: it never ended", zap.String("file", file), zap.Int("bytes", len(line)), zap.Uint64("not_logged", held))
	}
}

// keepDead removes dead letters for their age, and counts those that there are.
func (l *loop) keepDead(now time.Time) {
	if l.handle.KeepFor > 0 && !l.retried.moving && now.Sub(l.deadExpired) > expireDeadEvery {
		l.deadExpired = now
		dead, before := l.dead, now.Add(-l.handle.KeepFor)
		l.inBackground(func() func() {
			n, err := dead.expire(before)
			return func() {
				if err != nil {
					l.log.Error("dead letters can't be removed for their age; it is tried again in an hour", zap.Error(err))
				}
				l.expired(n)
			}
		})
	}
	if !l.deadCounting && now.Sub(l.deadCounted) > countDeadEvery {
		l.deadCounting, l.deadCounted = true, now
		dead := l.dead
		l.inBackground(func() func() {
			n, _, err := dead.count()
			return func() {
				l.deadCounting = false
				if err == nil {
					l.deadLetters = n
				}
			}
		})
	}
}
