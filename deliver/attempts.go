package deliver

import (
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"time"

	"go.uber.org/zap"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/deliver/plan"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/event"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/outcome"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/reader"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/status"
)

// cautiousFor is for how long, after a crash, each attempt is counted durably before it is made:
// the crash may have been an event's doing.
const cautiousFor = time.Minute

// fillFor is how long is read on without a look at anything else: much may have to be passed over.
const fillFor = 50 * time.Millisecond

// attempt is one that was begun.
type attempt struct {
	id     plan.ID
	number int
	event  *reader.Event
	handle *Handle
	result Result
}

// fill reads on, as far as there is room.
func (l *loop) fill() {
	for began := time.Now(); l.plan.Wants() > 0; {
		if time.Since(began) > fillFor {
			l.readOn()
			break
		}
		text, position, err := l.track.Next()
		if err != nil {
			if !errors.Is(err, io.EOF) {
				l.lost(err)
			}
			break
		}
		l.dirty = true
		e, err := parse(text)
		switch {
		case err != nil:
			l.passed(position, err)
		case e != nil && l.handle.wants(e):
			l.take(&item{position: position, subject: hashOf(e.Subject), received: e.Time}, e, plan.State{})
		}
	}
	l.fillRetried()
}

// readOn has the loop come round once more.
func (l *loop) readOn() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// parse returns the event of a line, or nil if the line has none to be delivered; the error is about
// one that is no event.
func parse(text []byte) (*reader.Event, error) {
	kind, e, err := reader.Parse(reader.Line{Text: append(make([]byte, 0, len(text)), text...)})
	switch kind {
	case reader.Stored:
		return e, nil
	case reader.Torn, reader.Invalid:
		return nil, err
	}
	return nil, nil
}

// wants tells whether an event is to be delivered.
func (s *Spec) wants(e *reader.Event) bool {
	return e.Attribute(event.Receiver) == s.Receiver && s.Target.Wants(e.Type)
}

// take adds an event, which is kept in memory if there is room.
func (l *loop) take(it *item, e *reader.Event, s plan.State) {
	if l.kept+len(e.Text) <= keepBytes {
		it.event = e
		l.kept += len(e.Text)
	}
	l.add(it, s)
}

// hashOf returns that of a subject; of none 0.
func hashOf(subject string) uint64 {
	if subject == "" {
		return 0
	}
	h := fnv.New64a()
	_, _ = io.WriteString(h, subject)
	return max(1, h.Sum64())
}

// begin begins the attempts that are to be made now.
func (l *loop) begin() {
	now := time.Now()
	for l.mayBegin() {
		id, number, ok := l.plan.Next(now)
		if !ok {
			return
		}
		l.dirty = true
		e, err := l.eventOf(l.items[id])
		if errors.Is(err, reader.ErrGone) {
			l.plan.Lose(id)
			l.gone(id, err)
			continue
		}
		l.items[id].busy = true
		a := &attempt{id: id, number: number, event: e, handle: l.handle}
		l.inFlight++
		if err != nil { // the disk may read it next time
			a.event = new(reader.Event)
			a.result.Reason = "the event can't be read: " + err.Error()
			l.done(a)
			continue
		}
		if number > 1 || now.Before(l.cautious) {
			l.counting = append(l.counting, a)
			continue
		}
		go l.attempt(a)
	}
}

// eventOf returns an event, which is read again if it is not kept.
func (l *loop) eventOf(it *item) (*reader.Event, error) {
	if e := it.event; e != nil {
		it.event = nil
		l.kept -= len(e.Text)
		return e, nil
	}
	track := l.track
	if it.retried {
		track = l.retried.Track
	}
	text, err := track.At(it.position)
	if err != nil {
		return nil, err
	}
	e, err := parse(text)
	if e == nil {
		return nil, errors.Join(reader.ErrGone, err)
	}
	return e, nil
}

// attempt makes an attempt.
func (l *loop) attempt(a *attempt) {
	defer func() { l.results <- a }()
	defer func() {
		if p := recover(); p != nil {
			a.result = Result{Outcome: plan.Outcome{Reached: true}, Reason: fmt.Sprint("panic: ", p)}
		}
	}()
	a.result = a.handle.Target.Send(a.handle.ctx, a.event, a.number)
	if !a.result.Taken && a.handle.gone.Load() {
		a.result.NotMade = true // its config's transport may be closed
	}
}

// done notes what became of an attempt.
func (l *loop) done(a *attempt) {
	now := time.Now()
	l.inFlight--
	l.dirty = true
	delete(l.retried.fresh, a.id)
	wasDown := l.plan.Down()
	o := a.result.Outcome
	o.NotMade = o.NotMade || a.result.Never // which tells nothing about the target
	dead := l.plan.Done(a.id, now, o)
	if it := l.items[a.id]; it != nil {
		it.busy = false
	}
	switch r := &a.result; {
	case r.NotMade:
		return
	case r.Taken:
		l.drop(a.id)
		l.lastTaken = now
		l.count(outcome.Delivered, 1)
	default:
		if r.Never && !dead {
			l.plan.GiveUp(a.id)
			dead = true
		}
		l.lastError = r.Reason
		l.failed(a)
	}
	l.lastAttempt = now
	l.metrics.Took(a.result.Took)
	status.KeepAttempt(l.attemptOf(a.event, a.number, &a.result, now))
	if dead && a.event.Text != nil {
		l.bury(a.id, a.event, a.result.Reason, a.number)
	} else if dead {
		l.giveUp(a.id, a.result.Reason)
	}
	if down := l.plan.Down(); down != wasDown {
		l.changed(down, a.result.Reason, now)
	}
}

// failed counts and logs an attempt that failed.
func (l *loop) failed(a *attempt) {
	became, kind := outcome.Failed, "failed"
	if a.result.Status != 0 {
		became, kind = outcome.Refused, fmt.Sprint(a.result.Status)
	}
	l.count(became, 1)
	if passes, held := l.sampler.Pass(kind, time.Now()); passes {
		fields := []zap.Field{
			zap.String("id", a.event.ID), zap.String("type", a.event.Type),
			zap.Int("attempt", a.number), zap.String("reason", a.result.Reason),
		}
		if held > 0 {
			fields = append(fields, zap.Uint64("not_logged", held))
		}
		l.log.Warn("an event was not taken", fields...)
	}
}

// drop forgets an event.
func (l *loop) drop(id plan.ID) {
	if it := l.items[id]; it != nil && it.event != nil {
		l.kept -= len(it.event.Text)
	}
	delete(l.items, id)
	delete(l.retried.undone, id)
	delete(l.retried.fresh, id)
}
