package deliver

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"go.uber.org/zap"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/deliver/plan"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/outcome"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/reader"
)

// retried are the dead letters that are sent again, from a file of their own, a few at a time.
// That file is appended to by each retry, and removed when all that is in it is done and the
// cursor says so: a crash in between repeats, and loses nothing.
type retried struct {
	track  *reader.Track // nil: there are none
	moving bool          // more are about to come
	ending bool          // all is done, and the cursor is being saved
}

// unknown is the durability of a file of which nobody says what is on the disk.
type unknown struct{}

func (unknown) Durable(fs.FileInfo) (int64, bool, bool) { return 0, false, false }

// openRetried goes on with dead letters that were being sent again.
func (l *loop) openRetried(from reader.Position) error {
	if _, err := os.Stat(l.dead.retrying); errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	track := reader.NewTrack(l.dead.retrying, unknown{})
	if err := track.Seek(from); errors.Is(err, reader.ErrGone) { // it is another one
		track.Close()
		track = reader.NewTrack(l.dead.retrying, unknown{})
	} else if err != nil {
		return err
	}
	l.retried.track = track
	return nil
}

// retriedTo returns the place up to which dead letters are read again.
func (l *loop) retriedTo() reader.Position {
	if l.retried.track == nil {
		return reader.Position{}
	}
	return l.retried.track.Last()
}

func (l *loop) closeRetried() {
	if l.retried.track != nil {
		l.retried.track.Close()
		l.retried.track = nil
	}
}

// retry has the dead letters sent again.
func (l *loop) retry(done func(string, error)) {
	if l.retried.moving {
		done("", errBusy)
		return
	}
	l.retried.moving, l.retried.ending = true, false
	dead := l.dead
	l.inBackground(func() func() {
		n, err := dead.retry()
		return func() {
			l.retried.moving = false
			l.deadCounted = time.Time{}
			if l.retried.track == nil {
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
	if l.retried.track == nil || l.retried.ending || l.retried.moving || l.plan.Full() {
		return
	}
	undone, fresh := 0, 0
	for id, it := range l.items {
		if it.retried {
			undone++
			if s, _ := l.plan.StateOf(id); s.Attempts == 0 {
				fresh++
			}
		}
	}
	for limit := max(1, l.handle.Delivery.plan().Concurrency/4); fresh < limit && !l.plan.Full(); {
		text, position, err := l.retried.track.Next()
		if errors.Is(err, io.EOF) {
			if undone == 0 {
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
		case l.handle.KeepFor > 0 && time.Since(e.Time) > l.handle.KeepFor:
			l.count(outcome.Expired, 1)
		default:
			undone++
			fresh++
			l.take(&item{position: position, retried: true, received: e.Time}, e, plan.State{Aside: true})
		}
	}
}

// endRetried removes the file of which all is done, once the cursor knows.
func (l *loop) endRetried() {
	if l.retried.ending || l.retried.moving {
		return
	}
	l.retried.ending = true
	l.dirty = true
	l.waiting = append(l.waiting, func(err error) {
		if ended := l.retried.ending; !ended || err != nil {
			l.retried.ending = false
			return
		}
		l.retried.ending = false
		l.closeRetried()
		if err := l.dead.endRetry(); err != nil {
			l.log.Error("the file of dead letters that were sent again can't be removed", zap.Error(err))
		}
		l.dirty = true
	})
}
