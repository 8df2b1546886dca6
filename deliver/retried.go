package deliver

import (
	"errors"
	"fmt"
	"io"
	"time"

	"go.uber.org/zap"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/deliver/plan"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/reader"
)

// retried are the dead letters that are sent again, a few at a time.
type retried struct {
	*retrying      // nil: there are none
	moving    bool // more are about to come: nothing is read meanwhile
	undone    map[plan.ID]bool
	fresh     map[plan.ID]bool // of them: those of which no attempt has ended
}

// openRetried goes on with dead letters that were being sent again.
func (l *loop) openRetried(from reader.Position) (err error) {
	l.retried.retrying, err = l.dead.openRetry(from)
	return err
}

// retriedTo returns the place up to which dead letters are read again.
func (l *loop) retriedTo() reader.Position {
	if l.retried.retrying == nil {
		return reader.Position{}
	}
	return l.retried.Last()
}

func (l *loop) closeRetried() {
	if l.retried.retrying != nil {
		l.retried.Close()
		l.retried.retrying = nil
	}
}

// retry has the dead letters sent again.
func (l *loop) retry(done func(string, error)) {
	if l.retried.moving {
		done("", errBusy)
		return
	}
	l.retried.moving = true
	dead := l.dead
	l.inBackground(func() func() {
		n, err := dead.retry()
		return func() {
			l.retried.moving = false
			l.deadCounted = time.Time{}
			if l.retried.retrying == nil {
				if err := l.openRetried(reader.Position{}); err != nil {
					l.log.Error("the dead letters that are to be sent again can't be read", zap.Error(err))
				}
			}
			l.look(time.Now())
			switch {
			case err != nil:
				done("", err)
			case n == 0:
				done("there are no dead letters", nil)
			default:
				done(fmt.Sprintf("dead letters that are sent again: %d", n), nil)
			}
		}
	})
}

// fillRetried reads more of the dead letters that are sent again, as long as few of them wait for
// their first attempt.
func (l *loop) fillRetried() {
	if l.retried.retrying == nil || l.retried.moving || l.plan.Full() {
		return
	}
	for limit := max(1, l.handle.Delivery.plan().Concurrency/4); len(l.retried.fresh) < limit && !l.plan.Full(); {
		text, position, err := l.retried.Next()
		if errors.Is(err, io.EOF) {
			if len(l.retried.undone) == 0 {
				l.endRetried()
			}
			return
		}
		if err != nil {
			l.lost(err)
			return
		}
		l.dirty = true
		e, err := parse(text)
		switch {
		case err != nil:
			l.passed(position, err)
		case e == nil:
		case l.isOld(e.Time):
			l.expired(1)
		default:
			l.take(&item{position: position, retried: true, received: e.Time}, e, plan.State{Aside: true})
		}
	}
}

// endRetried removes the file of which all is done.
func (l *loop) endRetried() {
	ended, err := l.retried.finish()
	if err != nil {
		if passes, held := l.sampler.Pass("retried", time.Now()); passes {
			l.log.Error("the file of dead letters that were sent again can't be removed", zap.Uint64("not_logged", held), zap.Error(err))
		}
	}
	if ended {
		l.retried.retrying = nil
		l.dirty = true
	}
}
