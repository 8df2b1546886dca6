package deliver

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/status"
)

// commandTimeout is how long a command may wait until the delivery has time for it.
const commandTimeout = 10 * time.Second

var (
	errNotBegun = errors.New("the delivery has not begun: see caddy webhook deliveries")
	errStandby  = errors.New("another process delivers: ask that one")
	errBusy     = errors.New("the delivery is ending, or busy")
	errLate     = errors.New("it takes long, and goes on: see caddy webhook deliveries")
)

// Do does one of the things that can be done with a delivery, and returns what became of it. It
// returns once that is durable.
func (e *engine) Do(ctx context.Context, action string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, commandTimeout)
	defer cancel()
	type answer struct {
		text string
		err  error
	}
	answers := make(chan answer, 1)
	done := func(text string, err error) { answers <- answer{text, err} }
	select {
	case e.commands <- func(l *loop) { l.command(action, done) }:
	case <-ctx.Done():
		return "", errBusy
	}
	select {
	case a := <-answers:
		return a.text, a.err
	case <-ctx.Done():
		return "", errLate
	}
}

// command does what it is told, and calls done with what became of it: later, if that takes time.
func (l *loop) command(action string, done func(string, error)) {
	if l.plan == nil {
		err := errNotBegun
		if l.Report().State == status.DeliveryStandby {
			err = errStandby
		}
		done("", err)
		return
	}
	durable := func(text string) {
		l.dirty = true
		l.waiting = append(l.waiting, func(err error) {
			if err != nil {
				err = fmt.Errorf("%s, but the cursor can't be saved, so that a restart forgets that: %w", text, err)
			}
			done(text, err)
		})
	}
	switch action {
	case status.DeliveryPause:
		l.plan.Pause()
		durable("paused: nothing is sent until it is resumed")
	case status.DeliveryResume:
		l.plan.Resume(time.Now())
		durable("resumed")
	case status.DeliverySkip:
		id, ok := l.plan.Skip()
		if !ok {
			done("", errors.New("no event waits that was tried and not taken"))
			return
		}
		l.giveUp(id, "skipped by an operator")
		durable("the oldest event that was not taken goes to the dead letters")
	case status.DeliveryRetry:
		l.retry(done)
	default:
		done("", fmt.Errorf("%s: can't be done with a delivery", action))
	}
	l.look(time.Now())
}
