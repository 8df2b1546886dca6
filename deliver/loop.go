package deliver

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"go.uber.org/zap"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/deliver/cursor"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/deliver/plan"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/event"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/lock"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/reader"
)

const (
	// saveEvery is how often the cursor is saved, while something changes.
	saveEvery = time.Second

	// unsavedFor is for how long it may fail to be saved before nothing is sent any more.
	unsavedFor = time.Minute

	// cautiousFor is for how long, after a crash, each attempt is counted durably before it is
	// made: the crash may have been an event's doing.
	cautiousFor = time.Minute

	// keepBytes is how much of events that were read ahead is kept in memory.
	keepBytes = 16 << 20

	// buryAgain is when a dead letter is tried to be written again.
	buryAgain = 10 * time.Second

	tick = time.Second
)

// loop delivers. Its fields are used by its goroutine alone, except for those that say so.
type loop struct {
	*engine
	handle *Handle
	log    *zap.Logger

	commands chan func()   // of any goroutine
	wake     chan struct{} // something was stored
	ended    chan struct{} // closed at the end
	ending   bool

	plan    *plan.Plan
	track   *reader.Track
	cursor  *cursor.Cursor
	dead    *deadLetters
	items   map[plan.ID]*item
	lastID  plan.ID
	kept    int // bytes
	results chan *attempt

	dirty    bool
	saving   bool
	savedAt  time.Time
	failing  time.Time  // since when it can't be saved; zero: it can
	counting []*attempt // that wait for a save that counts them
	cautious time.Time  // until then
	inFlight int
	unburied map[plan.ID]string
}

// item is an event that is not done.
type item struct {
	position reader.Position
	subject  uint64
	received time.Time
	event    *reader.Event // nil: to be read again
}

// attempt is one that was begun.
type attempt struct {
	id     plan.ID
	number int
	event  *reader.Event
	handle *Handle
	result Result
}

func newLoop(e *engine, h *Handle) *loop {
	return &loop{
		engine: e, handle: h, commands: make(chan func()), wake: make(chan struct{}, 1), ended: make(chan struct{}),
		items: make(map[plan.ID]*item), results: make(chan *attempt, 64), unburied: make(map[plan.ID]string),
		log: h.Logger.With(zap.String("delivery", e.name)),
	}
}

// do has something done by the loop's goroutine, unless that has ended.
func (l *loop) do(f func()) {
	select {
	case l.commands <- f:
	case <-l.ended:
	}
}

func (l *loop) stop()            { go l.do(func() { l.ending = true }) }
func (l *loop) change(h *Handle) { go l.do(func() { l.use(h) }) }

// use takes over the settings of another config.
func (l *loop) use(h *Handle) {
	l.handle = h
	l.log = h.Logger.With(zap.String("delivery", l.name))
	if l.plan != nil {
		l.plan.Set(h.Delivery.plan())
	}
}

// run delivers until it is stopped.
func (l *loop) run() {
	defer close(l.ended)
	held := l.standBy()
	if held == nil {
		return
	}
	defer func() { _ = held.Close() }()
	for !l.ending {
		err := l.open()
		if err == nil {
			break
		}
		l.log.Error("the delivery can't begin; it is tried again", zap.Error(err))
		l.pause(10 * time.Second)
	}
	if l.ending {
		return
	}
	stop := l.handle.Journal.Watch(func() {
		select {
		case l.wake <- struct{}{}:
		default:
		}
	})
	defer stop()
	l.deliver()
	l.end()
}

// pause waits, and does what it is told meanwhile.
func (l *loop) pause(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	for !l.ending {
		select {
		case f := <-l.commands:
			f()
		case <-timer.C:
			return
		}
	}
}

// standBy waits until no other process delivers. It returns nil if the loop is stopped before that.
func (l *loop) standBy() *os.File {
	told := false
	for !l.ending {
		held, err := l.lock()
		if err == nil {
			return held
		}
		if !told {
			told = true
			if errors.Is(err, lock.ErrLocked) {
				l.log.Info("another process delivers; this one stands by")
			} else {
				l.log.Error("the delivery can't begin; it is tried again", zap.Error(err))
			}
		}
		l.pause(tick)
	}
	return nil
}

func (l *loop) lock() (*os.File, error) {
	if err := makeDir(filepath.Dir(l.path), l.handle.DirMode); err != nil {
		return nil, err
	}
	return lock.Open(l.base() + lockEnding)
}

// base is what the names of the delivery's files begin with.
func (e *engine) base() string { return e.path + "." + e.receiver + "." + e.name }

// open goes on from the cursor.
func (l *loop) open() error {
	if err := l.ensureCursor(l.handle); err != nil {
		return err
	}
	c, record, err := cursor.Open(l.base() + cursorEnding)
	if errors.Is(err, cursor.ErrDamaged) {
		l.log.Error("the cursor is damaged: all events that are stored are delivered again", zap.Error(err))
		if err := os.Rename(l.base()+cursorEnding, l.base()+cursorEnding+".damaged"); err != nil {
			return err
		}
		record = new(cursor.Record)
		c, err = cursor.Create(l.base()+cursorEnding, l.handle.Mode, record)
	}
	if err != nil {
		return err
	}
	l.cursor = c
	l.plan = plan.New(l.handle.Delivery.plan(), record.Memory, rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64())))
	l.track = reader.NewTrack(l.path, l.handle.Journal)
	l.dead = newDeadLetters(l.path, l.receiver, l.name, l.handle.Mode, l.handle.DirMode)
	if err := l.track.Seek(record.Read); errors.Is(err, reader.ErrGone) {
		l.log.Error("the place up to which events were delivered is in no file any more: all that are stored are delivered again", zap.Error(err))
		l.track = reader.NewTrack(l.path, l.handle.Journal)
	} else if err != nil {
		return err
	}
	now := time.Now()
	if !record.Clean {
		l.cautious = now.Add(cautiousFor)
	}
	for i := range record.Undone {
		u := &record.Undone[i]
		u.Due = earlier(u.Due, now.Add(l.longestWait()))
		l.add(&item{position: u.Position, subject: u.Subject, received: u.Received}, u.State)
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
	return longest
}

func (l *loop) add(it *item, s plan.State) {
	l.lastID++
	l.items[l.lastID] = it
	if l.plan.Add(l.lastID, it.subject, s) {
		l.unburied[l.lastID] = "all attempts failed"
	}
}

// deliver is the loop.
func (l *loop) deliver() {
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for !l.ending {
		l.fill()
		l.begin()
		l.save()
		if at := l.plan.Wake(); !at.IsZero() && l.mayBegin() {
			timer.Reset(max(0, time.Until(at)))
		} else {
			timer.Stop()
		}
		select {
		case a := <-l.results:
			l.done(a)
			for more := true; more; {
				select {
				case a := <-l.results:
					l.done(a)
				default:
					more = false
				}
			}
		case <-l.wake:
		case <-timer.C:
		case <-ticker.C:
			l.look()
		case f := <-l.commands:
			f()
		}
	}
}

// fill reads on, as far as there is room.
func (l *loop) fill() {
	for l.plan.Wants() > 0 {
		text, position, err := l.track.Next()
		if err != nil {
			if !errors.Is(err, io.EOF) {
				l.lost(err)
			}
			return
		}
		l.dirty = true
		kind, e, err := reader.Parse(reader.Line{Text: append(make([]byte, 0, len(text)), text...)})
		switch {
		case kind == reader.Torn || kind == reader.Invalid:
			l.passed(position, err)
		case kind == reader.Stored && e.Attribute(event.Receiver) == l.receiver && l.handle.Target.Wants(e.Type):
			it := &item{position: position, subject: hashOf(e.Subject), received: e.Time}
			if l.kept+len(e.Text) <= keepBytes {
				it.event = e
				l.kept += len(e.Text)
			}
			l.add(it, plan.State{})
		}
	}
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

func (l *loop) mayBegin() bool {
	return l.failing.IsZero() || time.Since(l.failing) < unsavedFor
}

// begin begins the attempts that are to be made now.
func (l *loop) begin() {
	now := time.Now()
	for l.mayBegin() {
		id, number, ok := l.plan.Next(now)
		if !ok {
			return
		}
		it := l.items[id]
		e, err := l.eventOf(it)
		if err != nil {
			l.plan.Lose(id)
			l.drop(id)
			l.log.Error("an event that was to be delivered is in no file any more", zap.Error(err))
			continue
		}
		a := &attempt{id: id, number: number, event: e, handle: l.handle}
		l.dirty = true
		l.inFlight++
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
	text, err := l.track.At(it.position)
	if err != nil {
		return nil, err
	}
	kind, e, err := reader.Parse(reader.Line{Text: append(make([]byte, 0, len(text)), text...)})
	if kind != reader.Stored {
		return nil, fmt.Errorf("the line has changed: %w", err)
	}
	return e, nil
}

// attempt makes an attempt.
func (l *loop) attempt(a *attempt) {
	a.result = a.handle.Target.Send(a.handle.ctx, a.event, a.number)
	if !a.result.Taken && a.handle.gone.Load() {
		a.result.NotMade = true // its config's transport may be closed
	}
	l.results <- a
}

// done notes what became of an attempt.
func (l *loop) done(a *attempt) {
	now := time.Now()
	l.inFlight--
	l.dirty = true
	wasDown := l.plan.Down()
	dead := l.plan.Done(a.id, now, a.result.Outcome)
	switch {
	case a.result.Taken:
		l.drop(a.id)
	case a.result.Never && !dead:
		l.plan.GiveUp(a.id)
		dead = true
	}
	if dead {
		l.bury(a.id, a.event, a.result.Reason, a.number)
	}
	if down := l.plan.Down(); down != wasDown {
		l.changed(down, a.result.Reason)
	}
}

func (l *loop) drop(id plan.ID) {
	if it := l.items[id]; it != nil && it.event != nil {
		l.kept -= len(it.event.Text)
	}
	delete(l.items, id)
}

// bury puts an event into the dead letters.
func (l *loop) bury(id plan.ID, e *reader.Event, reason string, attempts int) {
	err := l.dead.add(e.Text, reason, attempts)
	if err != nil {
		l.unburied[id] = reason
		l.log.Error("a dead letter can't be written; the event stays undone, and it is tried again", zap.Error(err))
		return
	}
	delete(l.unburied, id)
	l.plan.Forget(id)
	l.drop(id)
	l.log.Error("an event was given up, and is in the dead letters", zap.String("id", e.ID), zap.String("type", e.Type),
		zap.Int("attempts", attempts), zap.String("reason", reason), zap.String("file", l.dead.path))
}

// changed tells that the target is down, or up again.
func (l *loop) changed(down bool, reason string) {
	if down {
		l.log.Error("the application is down: events wait for it", zap.String("url", l.handle.Target.URL()), zap.String("reason", reason))
		return
	}
	l.log.Info("the application is up again", zap.String("url", l.handle.Target.URL()))
}

// lost tells that a file can't be read on.
func (l *loop) lost(err error) {
	l.log.Error("the events' file can't be read on", zap.Error(err))
}

// passed tells of a line that is no event.
func (l *loop) passed(at reader.Position, err error) {
	l.log.Warn("a line that is no event was passed over", zap.Int64("offset", at.Offset), zap.Error(err))
}

// look does what is to be done now and then.
func (l *loop) look() {
	for id, reason := range l.unburied {
		it := l.items[id]
		e, err := l.eventOf(it)
		if err == nil {
			s, _ := l.plan.StateOf(id)
			l.bury(id, e, reason, s.Attempts)
		}
	}
	if id, ok := l.plan.Relieve(); ok {
		l.unburied[id] = "too many events are undone, and this one was refused while many others were taken"
	}
}

// record returns what is to be remembered.
func (l *loop) record(clean bool) *cursor.Record {
	r := &cursor.Record{Memory: l.plan.Memory(), Clean: clean, Read: l.track.Last()}
	for id := plan.ID(1); id <= l.lastID && len(r.Undone) < len(l.items); id++ {
		it := l.items[id]
		if it == nil {
			continue
		}
		s, _ := l.plan.StateOf(id)
		r.Undone = append(r.Undone, cursor.Undone{Position: it.position, State: s, Subject: it.subject, Received: it.received})
	}
	return r
}

// save saves the cursor, in the background, if that is due.
func (l *loop) save() {
	if l.saving || !l.dirty || len(l.counting) == 0 && time.Since(l.savedAt) < saveEvery {
		return
	}
	l.saving, l.dirty, l.savedAt = true, false, time.Now()
	record, counted := l.record(false), l.counting
	l.counting = nil
	go func() {
		err := l.cursor.Save(record)
		l.do(func() { l.saved(counted, err) })
	}()
}

func (l *loop) saved(counted []*attempt, err error) {
	l.saving = false
	if err != nil {
		l.dirty = true
		l.counting = append(counted, l.counting...)
		if l.failing.IsZero() {
			l.failing = time.Now()
			l.log.Error("the cursor can't be saved; after a minute nothing is delivered until it can", zap.Error(err))
		}
		return
	}
	if !l.failing.IsZero() {
		l.failing = time.Time{}
		l.log.Info("the cursor is saved again")
	}
	for _, a := range counted {
		go l.attempt(a)
	}
}

// end lets attempts end, and saves the cursor.
func (l *loop) end() {
	for _, a := range l.counting {
		a.result.NotMade = true
		l.done(a)
	}
	for l.inFlight > 0 || l.saving {
		select {
		case a := <-l.results:
			l.done(a)
		case f := <-l.commands:
			f()
		}
	}
	if err := l.cursor.Save(l.record(true)); err != nil {
		l.log.Error("the cursor could not be saved: what was delivered in the last second will be again", zap.Error(err))
	}
	_ = l.cursor.Close()
	l.track.Close()
	l.dead.close()
}

// ensureCursor makes the cursor, if there is none, so that what is stored from now on is
// delivered.
func (e *engine) ensureCursor(h *Handle) error {
	e.making.Lock()
	defer e.making.Unlock()
	if e.ready.Load() {
		return nil
	}
	path := e.base() + cursorEnding
	if _, err := os.Stat(path); err == nil {
		e.ready.Store(true)
		return nil
	}
	if err := makeDir(filepath.Dir(path), h.DirMode); err != nil {
		return err
	}
	end, err := reader.LastLine(e.path)
	if err != nil {
		return err
	}
	c, err := cursor.Create(path, h.Mode, &cursor.Record{Read: end, Clean: true})
	if err == nil {
		_ = c.Close()
	}
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	e.ready.Store(true)
	return nil
}

// Ready returns once what is stored afterwards is sure to be delivered, or an error.
func (h *Handle) Ready(context.Context) error {
	if h.engine.ready.Load() {
		return nil
	}
	if err := h.engine.ensureCursor(h); err != nil {
		return fmt.Errorf("deliver %s: the cursor: %w", h.engine.name, err)
	}
	return nil
}

// needs tells whether a rotated file may hold what is not done.
func (e *engine) needs(time.Time) bool { return true }

// expiring says that a file is about to be removed for its age.
func (e *engine) expiring(time.Time) {}
