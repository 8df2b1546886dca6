package deliver

import (
	"fmt"
	"time"

	"go.uber.org/zap"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/deliver/plan"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/reader"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/status"
)

const (
	// longBacklog is for how long an event may wait before that is a warning.
	longBacklog = time.Hour

	// longSave is for how long a save may go on before that is one.
	longSave = 10 * time.Second

	// warnBefore is how long before a file is removed for its age that is a warning, if something in it is
	// not delivered; half of the time that it is kept, if that is less.
	warnBefore = 24 * time.Hour
	warnEvery  = time.Hour
)

// watching is what a loop knows for those who look at it.
type watching struct {
	sampler     status.Sampler
	lastAttempt time.Time
	lastTaken   time.Time
	lastError   string
	downSince   time.Time
	full        bool      // too many are undone
	relieved    plan.ID   // which was given up for that last
	relieveAt   time.Time // when it is tried again to find one
	warnedAt    time.Time // of what will be removed
	replaced    bool      // the cursor is somebody else's: it is not saved
}

// look does what is to be done now and then, and tells how the delivery stands.
func (l *loop) look(now time.Time) {
	l.buryAgain(now)
	l.guardLock()
	if !l.going {
		if err := l.guardCursor(); err != nil && !l.replaced {
			l.unsaved(err)
		}
	}
	l.keepDead(now)
	l.keep()

	report := status.DeliveryReport{State: l.state(now), LastError: l.lastError, DeadLetters: l.deadLetters, Undone: len(l.items), Backlog: l.track.Backlog()}
	var oldest time.Time
	for id, it := range l.items {
		if oldest.IsZero() || it.received.Before(oldest) {
			oldest = it.received
		}
		if s, _ := l.plan.StateOf(id); s.Attempts > 0 {
			report.Retrying++
		}
	}
	report.Oldest, report.LastAttempt, report.LastTaken = pointer(oldest), pointer(l.lastAttempt), pointer(l.lastTaken)
	if l.plan.Down() {
		report.Since = pointer(l.downSince)
	}
	if until := l.plan.HeldUntil(); until.After(now) {
		report.HeldUntil = pointer(until)
	}
	report.Warnings = l.warnings(&report, oldest, now)
	l.stands(report)
	l.metrics.Stands(!l.plan.Down(), report.Backlog, oldest)
}

func pointer(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

// stands has others know how the delivery stands.
func (l *loop) stands(r status.DeliveryReport) { l.report.Store(&r) }

func (l *loop) state(now time.Time) string {
	switch {
	case l.plan.Paused():
		return status.DeliveryPaused
	case l.plan.Down():
		return status.DeliveryDown
	case l.plan.HeldUntil().After(now):
		return status.DeliveryHeld
	}
	return status.DeliveryUp
}

// warnings returns what looks wrong.
func (l *loop) warnings(r *status.DeliveryReport, oldest, now time.Time) (warnings []string) {
	warn := func(format string, args ...any) { warnings = append(warnings, fmt.Sprintf(format, args...)) }
	if r.State == status.DeliveryDown {
		warn("the application is down since %s: %s", l.downSince.UTC().Format(time.RFC3339), l.lastError)
	}
	if r.State == status.DeliveryPaused {
		warn("it is paused: caddy webhook deliveries resume %s has it go on", l.name)
	}
	if !oldest.IsZero() && now.Sub(oldest) > longBacklog {
		warn("an event of %s is not delivered", oldest.UTC().Format(time.RFC3339))
	}
	if l.full {
		warn("%d events are undone, so that no more are read", r.Undone)
	}
	if r.DeadLetters > 0 {
		warn("%d dead letters are in %s: caddy webhook deliveries retry %s sends them again", r.DeadLetters, l.dead.path, l.name)
	}
	switch {
	case !l.failing.IsZero():
		warn("the cursor can't be saved: %v", l.failure)
	case l.going && now.Sub(l.savedAt) > longSave:
		warn("the cursor is being saved since %s: the disk hangs", l.savedAt.UTC().Format(time.RFC3339))
	}
	if keep := l.handle.KeepFor; keep > 0 && !oldest.IsZero() && now.Sub(oldest) > max(keep-warnBefore, keep/2) {
		warn("an event of %s is not delivered, and will be removed with its file, as roll_keep_for wants", oldest.UTC().Format(time.RFC3339))
		if now.Sub(l.warnedAt) > warnEvery {
			l.warnedAt = now
			l.log.Warn("events that are not delivered will be removed with their files, as roll_keep_for wants", zap.Time("received", oldest.UTC()), zap.Duration("roll_keep_for", keep))
		}
	}
	return warnings
}

// relieve notes that too many events are undone to read on, and gives one of them up if most speaks against
// it: the next one once that is a dead letter, if it must.
func (l *loop) relieve(now time.Time) {
	if full := l.plan.Full(); full != l.full {
		if l.full = full; full {
			if passes, held := l.sampler.Pass("full", now); passes {
				l.log.Warn("too many events are undone: no more are read until some of them are delivered or given up", zap.Int("undone", len(l.items)), zap.Uint64("not_logged", held))
			}
		}
	}
	if !l.full || now.Before(l.relieveAt) || l.items[l.relieved] != nil {
		return
	}
	if id, ok := l.plan.Relieve(); ok {
		l.relieved = id
		l.giveUp(id, "it was refused while many others were taken, and too many events were undone")
	} else {
		l.relieveAt = now.Add(tick) // looking for one takes time
	}
}

// changed tells that the target is down, or up again.
func (l *loop) changed(down bool, reason string, now time.Time) {
	url := l.handle.Target.URL()
	if down {
		l.downSince = now
		l.log.Error("the application is down: events wait for it", zap.String("url", url), zap.String("reason", reason))
		l.emit("delivery_down", map[string]any{"url": url, "reason": reason})
	} else {
		l.log.Info("the application is up again", zap.String("url", url), zap.Duration("down", now.Sub(l.downSince)))
		l.emit("delivery_up", map[string]any{"url": url})
	}
	l.look(now)
}

// emit emits an event of Caddy's. Its handlers may take their time.
func (l *loop) emit(name string, data map[string]any) {
	emit := l.handle.Emit
	if emit == nil {
		return
	}
	data["receiver"], data["delivery"] = l.receiver, l.name
	select {
	case l.emits <- func() { emit(name, data) }:
	default:
		if passes, held := l.sampler.Pass("emit", time.Now()); passes {
			l.log.Warn("the handlers of Caddy's events are too slow: one was left out", zap.String("event", name), zap.Uint64("not_logged", held))
		}
	}
}

// lost tells that a file can't be read on.
func (l *loop) lost(err error) {
	if passes, held := l.sampler.Pass("reading", time.Now()); passes {
		l.log.Error("the events' file can't be read on", zap.Uint64("not_logged", held), zap.Error(err))
	}
}

// passed tells of a line that is no event.
func (l *loop) passed(at reader.Position, err error) {
	if passes, held := l.sampler.Pass("line", time.Now()); passes {
		l.log.Warn("a line that is no event was passed over", zap.Int64("offset", at.Offset), zap.Uint64("not_logged", held), zap.Error(err))
	}
}

// left tells how much a delivery leaves behind that is in no config any more.
func (l *loop) left() {
	backlog := l.track.Backlog()
	if exiting() || len(l.items) == 0 && backlog == 0 {
		return
	}
	l.log.Warn("the delivery is in no config any more, and leaves events behind", zap.Int("undone", len(l.items)), zap.Int64("backlog_bytes", backlog),
		zap.String("cursor", l.base()+cursorEnding))
}
