package deliver

import (
	"context"
	"errors"
	"time"

	"go.uber.org/zap"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/deliver/plan"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/reader"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/status"
)

// knowsTimeout is how long the delivery may take until it has time to tell of an event.
const knowsTimeout = 2 * time.Second

// attemptOf returns what is kept of an attempt.
func (e *engine) attemptOf(of *reader.Event, number int, r *Result, ended time.Time) status.Attempt {
	return status.Attempt{
		Time: ended, Receiver: e.receiver, Delivery: e.name, ID: of.ID, Type: of.Type, Subject: of.Subject,
		Number: number, Status: r.Status, Took: r.Took.Milliseconds(), Taken: r.Taken, Reason: r.Reason,
	}
}

// SendAgain sends an event once more, by the settings that count, whatever else is under way, and whatever
// became of it.
func (e *engine) SendAgain(ctx context.Context, line []byte) (status.Attempt, error) {
	h := e.wanted()
	if h == nil {
		return status.Attempt{}, errNotBegun
	}
	of, err := parse(line)
	if err == nil && of == nil {
		err = errors.New("the line is no event")
	}
	if err != nil {
		return status.Attempt{}, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(h.ctx, func() { cancel(context.Cause(h.ctx)) })()
	number := 1
	if knows := e.Knows(ctx, status.Line{Text: line}); knows.Tried > 0 {
		number = knows.Tried + 1
	}
	result := h.Target.Send(ctx, of, number)
	a := e.attemptOf(of, number, &result, time.Now())
	a.Again = true
	a = status.KeepAttempt(a)
	h.Logger.Info("an event was sent again by hand", zap.String("delivery", e.name), zap.String("id", of.ID),
		zap.Bool("taken", a.Taken), zap.Int("status", a.Status), zap.String("reason", a.Reason))
	return a, nil
}

// Knows tells how an event stands.
func (e *engine) Knows(ctx context.Context, at status.Line) status.EventReport {
	unknown := status.EventReport{State: status.EventUnknown}
	h := e.wanted()
	of, err := parse(at.Text)
	if h == nil || err != nil || of == nil {
		return unknown
	}
	if !h.wants(of) {
		return status.EventReport{State: status.EventUnwanted}
	}
	ctx, cancel := context.WithTimeout(ctx, knowsTimeout)
	defer cancel()
	answers := make(chan status.EventReport, 1)
	select {
	case e.commands <- func(l *loop) { answers <- l.knows(at) }:
		return <-answers
	case <-ctx.Done():
		return unknown
	}
}

func (l *loop) knows(at status.Line) status.EventReport {
	if l.plan == nil {
		return status.EventReport{State: status.EventUnknown}
	}
	hash := reader.HashOf(append(append(make([]byte, 0, len(at.Text)+1), at.Text...), '\n'))
	for id, it := range l.items {
		if !it.retried && it.position.Hash == hash {
			s, _ := l.plan.StateOf(id)
			return l.underWay(it, s)
		}
	}
	if last := l.track.Last(); isBehind(at, last) {
		return status.EventReport{State: status.EventWaiting}
	}
	return status.EventReport{State: status.EventPast}
}

func (l *loop) underWay(it *item, s plan.State) status.EventReport {
	r := status.EventReport{State: status.EventSending, Tried: s.Attempts}
	if s.Attempts > 0 && !it.busy {
		r.State = status.EventRetrying
		if !s.Due.IsZero() {
			due := s.Due.UTC()
			r.Due = &due
		}
	}
	return r
}

// isBehind tells whether a line is behind the place up to which was read.
func isBehind(at status.Line, last reader.Position) bool {
	switch {
	case last == reader.Position{}:
		return true
	case last.File == at.File:
		return at.Offset >= last.End()
	case last.Rotated.Equal(reader.NeverRotated): // it may have been rotated since
		return at.Rotated.Equal(reader.NeverRotated)
	}
	return at.Rotated.After(last.Rotated)
}
