package deliver

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/deliver/plan"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/event"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/reader"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/status"
)

// knowsTimeout is how long the delivery may take until it has time to tell of an event.
const knowsTimeout = 2 * time.Second

var (
	errNoEvent    = errors.New("the line is no event")
	errUnwanted   = errors.New("the config has it not sent to this application: see only, and name of the receiver")
	errUnanswered = errors.New("the config was changed, or Caddy is stopping, before the application has answered")
)

// attemptOf returns what is kept of an attempt.
func (e *engine) attemptOf(of *reader.Event, number int, r *Result, ended time.Time) status.Attempt {
	return status.Attempt{
		Time: ended, Receiver: e.receiver, Delivery: e.name, ID: of.ID, Type: of.Type, Subject: of.Subject,
		Number: number, Status: r.Status, Took: r.Took.Milliseconds(), Taken: r.Taken, Reason: r.Reason,
	}
}

// SendAgain sends an event once more, by the settings that count, whatever else is under way, and whatever
// became of it. It changes nothing that the delivery knows of the event or of the application, and is not counted.
func (e *engine) SendAgain(ctx context.Context, line []byte) (status.Attempt, error) {
	h := e.wanted()
	if h == nil {
		return status.Attempt{}, errNotBegun
	}
	of, err := parse(line)
	switch {
	case err != nil:
		return status.Attempt{}, fmt.Errorf("the line is no event: %w", err)
	case of == nil:
		return status.Attempt{}, errNoEvent
	case !h.Target.Wants(of.Type) || !h.isOwn(of):
		return status.Attempt{}, errUnwanted
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(h.ctx, func() { cancel(context.Cause(h.ctx)) })()
	number := e.ask(ctx, status.Line{Text: line}).Tried + 1
	result := h.Target.Send(ctx, of, number)
	if result.Status == 0 && (result.NotMade || h.gone.Load()) { // its transport may be closed
		return status.Attempt{}, errUnanswered
	}
	a := e.attemptOf(of, number, &result, time.Now())
	a.Again = true
	a = status.KeepAttempt(a)
	h.Logger.Info("an event was sent again by hand", zap.String("delivery", e.name), zap.String("id", of.ID),
		zap.Bool("taken", a.Taken), zap.Int("status", a.Status), zap.String("reason", a.Reason))
	return a, nil
}

// isOwn tells whether an event may be of the receiver: of what was stored before it had a name nobody knows.
func (s *Spec) isOwn(e *reader.Event) bool {
	name := e.Attribute(event.Receiver)
	return name == "" || name == s.Receiver
}

// Knows tells how an event stands.
func (e *engine) Knows(ctx context.Context, at status.Line) status.EventReport {
	h := e.wanted()
	of, err := parse(at.Text)
	if h == nil || err != nil || of == nil {
		return status.EventReport{State: status.EventUnknown}
	}
	if !h.wants(of) {
		return status.EventReport{State: status.EventUnwanted}
	}
	return e.ask(ctx, at)
}

// ask asks the goroutine that delivers about an event that is wanted. Without a file in its place it is known
// by its bytes alone.
func (e *engine) ask(ctx context.Context, at status.Line) status.EventReport {
	p := reader.Position{File: at.File, Rotated: at.Rotated, Offset: at.Offset}
	p.Hash = reader.HashOf(append(append(make([]byte, 0, len(at.Text)+1), at.Text...), '\n'))
	ctx, cancel := context.WithTimeout(ctx, knowsTimeout)
	defer cancel()
	answers := make(chan status.EventReport, 1)
	select {
	case e.commands <- func(l *loop) { answers <- l.knows(&p) }:
	case <-ctx.Done():
		return status.EventReport{State: status.EventUnknown}
	}
	select {
	case r := <-answers:
		return r
	case <-ctx.Done(): // it has panicked
		return status.EventReport{State: status.EventUnknown}
	}
}

func (l *loop) knows(p *reader.Position) status.EventReport {
	if l.plan == nil {
		return status.EventReport{State: status.EventUnknown}
	}
	anywhere := p.File == reader.Fingerprint{}
	for id, it := range l.items {
		// The same bytes may be stored twice.
		is := it.position.Hash == p.Hash && (anywhere || it.position.File == p.File && it.position.Offset == p.Offset)
		if is && !it.retried {
			s, _ := l.plan.StateOf(id)
			return l.underWay(it, s)
		}
	}
	if l.track.IsAhead(*p) {
		return status.EventReport{State: status.EventWaiting}
	}
	return status.EventReport{State: status.EventPast}
}

func (l *loop) underWay(it *item, s plan.State) status.EventReport {
	switch r := (status.EventReport{Tried: s.Attempts}); {
	case it.busy:
		r.State = status.EventSending
		return r
	case s.Attempts > 0:
		r.State, r.Due = status.EventRetrying, pointer(s.Due)
		return r
	}
	return status.EventReport{State: status.EventWaiting}
}
