package deliver

import (
	"errors"
	"time"

	"go.uber.org/zap"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/deliver/plan"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/outcome"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/reader"
)

// buryEvery is when dead letters that could not be written are tried to be written again.
const buryEvery = 10 * time.Second

// burying is what a loop knows of events that are given up, and not dead letters yet.
type burying struct {
	unburied map[plan.ID]string // why
	failedAt time.Time          // when one of them could not be written last
	writing  int                // bytes

	unwritable bool // so it was with the last one
}

// bury puts an event into the dead letters, in the background. It stays undone until it is there.
func (l *loop) bury(id plan.ID, e *reader.Event, reason string, attempts int) {
	dead := l.dead
	l.items[id].busy = true
	l.writing += len(e.Text)
	l.inBackground(func() func() {
		err := dead.add(e.Text, reason, attempts)
		return func() { l.buried(id, e, reason, attempts, err) }
	})
}

func (l *loop) buried(id plan.ID, e *reader.Event, reason string, attempts int, err error) {
	l.items[id].busy = false
	l.writing -= len(e.Text)
	if err != nil {
		if !l.unwritable {
			l.unwritable = true
			l.log.Error("a dead letter can't be written; the event stays undone, and it is tried again", zap.Error(err))
		}
		l.unburied[id], l.failedAt = reason, time.Now()
		return
	}
	l.unwritable = false
	l.plan.Forget(id)
	l.drop(id)
	l.dirty = true
	l.deadCounted = time.Time{}
	l.count(outcome.Dead, 1)
	l.log.Error("an event was given up: it is in the dead letters", zap.String("id", e.ID), zap.String("type", e.Type),
		zap.Int("attempts", attempts), zap.String("reason", reason), zap.String("file", l.dead.path))
	l.emit("dead_letter", map[string]any{"id": e.ID, "type": e.Type, "subject": e.Subject, "attempts": attempts, "reason": reason, "file": l.dead.path})
	l.buryAgain(time.Now())
}

// buryAgain tries to write what could not be written, and what was given up without an attempt.
func (l *loop) buryAgain(now time.Time) {
	for id := range l.unburied {
		if now.Sub(l.failedAt) < buryEvery || l.writing > keepBytes {
			return // there may be very many
		}
		l.buryOne(id)
	}
}

func (l *loop) buryOne(id plan.ID) {
	e, err := l.eventOf(l.items[id])
	if err != nil && !errors.Is(err, reader.ErrGone) {
		l.failedAt = time.Now() // the disk may read it next time
		return
	}
	reason := l.unburied[id]
	delete(l.unburied, id)
	if err != nil {
		l.plan.Forget(id)
		l.gone(id, err)
		return
	}
	s, _ := l.plan.StateOf(id)
	l.bury(id, e, reason, s.Attempts)
}

// giveUp has an event be a dead letter that was given up without an attempt.
func (l *loop) giveUp(id plan.ID, reason string) {
	l.unburied[id] = reason
	if l.writing <= keepBytes {
		l.buryOne(id)
	}
}
