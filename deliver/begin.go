package deliver

import (
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/deliver/plan"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/lock"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/reader"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/status"
	"go.uber.org/zap"
)

// base is what the names of the delivery's files begin with.
func (e *engine) base() string { return e.path + "." + e.receiver + "." + e.name }

// standBy waits until no other process delivers. It returns nil if the loop is to end before that.
func (l *loop) standBy() *os.File {
	for told := false; !l.ending; told = true {
		held, err := l.lock()
		if err == nil {
			return held
		}
		report := status.DeliveryReport{State: status.DeliveryStandby}
		isLocked := errors.Is(err, lock.ErrLocked)
		if !isLocked {
			report = status.DeliveryReport{State: status.DeliveryStarting, LastError: err.Error()}
		}
		if l.stands(report); !told && isLocked {
			l.log.Info("another process delivers; this one stands by")
		} else if !told {
			l.log.Error("the delivery can't begin; it is tried again", zap.Error(err))
		}
		l.wait(tick)
	}
	return nil
}

func (l *loop) lock() (*os.File, error) {
	if err := makeDir(filepath.Dir(l.path), l.handle.DirMode); err != nil {
		return nil, err
	}
	return lock.Open(l.base() + lockEnding)
}

// guardLock has the lock be held, whoever takes it away.
func (l *loop) guardLock() {
	if l.ending || lock.IsThere(l.held) {
		return
	}
	held, err := l.lock()
	switch {
	case errors.Is(err, lock.ErrLocked):
		l.log.Error("somebody has removed the lock, and another process delivers by now; this one stands by", zap.String("lock", l.held.Name()))
		l.replaced, l.ending = true, true
	case err != nil:
		if passes, held := l.sampler.Pass("lock", time.Now()); passes {
			l.log.Error("somebody has removed the lock, and it can't be made anew", zap.Uint64("not_logged", held), zap.Error(err))
		}
	default:
		l.log.Warn("somebody has removed the lock: it was made anew", zap.String("lock", l.held.Name()))
		_ = l.held.Close()
		l.held = held
	}
}

// open goes on from the cursor.
func (l *loop) open() error {
	record, err := l.openCursor()
	if err != nil {
		return err
	}
	l.dead = newDeadLetters(l.path, l.receiver, l.name, l.handle.Mode, l.handle.DirMode)
	l.track = l.newTrack()
	if err := l.track.Seek(record.Read); errors.Is(err, reader.ErrGone) {
		l.missing(record.Read, err)
	} else if err != nil {
		_ = l.cursor.Close()
		return err
	}
	if err := l.openRetried(record.Retry); err != nil {
		_ = l.cursor.Close()
		l.track.Close()
		return err
	}
	now := time.Now()
	l.plan = plan.New(l.handle.Delivery.plan(), record.Memory, rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64())))
	if !record.Clean {
		l.cautious = now.Add(cautiousFor)
	}
	if record.Down {
		l.downSince = now
	}
	for i := range record.Undone {
		u := &record.Undone[i]
		if u.Again && (l.retried.retrying == nil || !l.retried.has(u.Position)) {
			continue // it was done: its file was removed
		}
		u.Due = earlier(u.Due, now.Add(l.longestWait()))
		l.add(&item{position: u.Position, retried: u.Again, subject: u.Subject, received: u.Received}, u.State)
	}
	l.dirty = true // it is running
	return nil
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// longestWait is the longest between two attempts: a clock may have been set meanwhile.
func (l *loop) longestWait() time.Duration {
	longest := plan.MaxHold
	for _, wait := range l.handle.Delivery.plan().Retry {
		longest = max(longest, wait+wait/5)
	}
	return longest + plan.MaxHold
}
