package deliver

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"go.uber.org/zap"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/deliver/cursor"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/deliver/plan"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/reader"
)

const (
	// saveEvery is how often the cursor is saved, while something changes.
	saveEvery = time.Second

	// unsavedFor is for how long it may fail to be saved before nothing is sent any more.
	unsavedFor = time.Minute
)

// saving is what a loop knows of its cursor.
type saving struct {
	dirty    bool
	going    bool
	savedAt  time.Time     // when it was begun last
	failing  time.Time     // since when it can't be saved; zero: it can
	failure  error         // the last one
	counting []*attempt    // that wait for a save that counts them
	waiting  []func(error) // what else waits for a save
	cautious time.Time     // until then every attempt is counted first
}

// mayBegin tells whether attempts may be begun as far as the cursor is concerned.
func (l *loop) mayBegin() bool {
	since := l.failing
	if since.IsZero() && l.going {
		since = l.savedAt // the disk may hang
	}
	return since.IsZero() || time.Since(since) < unsavedFor
}

// openCursor returns what the cursor holds, which is made if there is none.
func (l *loop) openCursor() (*cursor.Record, error) {
	if err := l.ensureCursor(l.handle); err != nil {
		return nil, err
	}
	path := l.base() + cursorEnding
	c, record, err := cursor.Open(path)
	if errors.Is(err, fs.ErrNotExist) { // it was removed since it was made
		l.ready.Store(false)
	}
	if errors.Is(err, cursor.ErrDamaged) {
		l.log.Error("the cursor is damaged: all events that are stored are delivered again", zap.Error(err))
		if err := os.Rename(path, path+".damaged"); err != nil {
			return nil, err
		}
		record = new(cursor.Record)
		c, err = cursor.Create(path, l.handle.Mode, record)
	}
	if err != nil {
		return nil, err
	}
	l.cursor = c
	return record, nil
}

// record returns what is to be remembered.
func (l *loop) record(clean bool) *cursor.Record {
	r := &cursor.Record{Memory: l.plan.Memory(), Clean: clean, Read: l.track.Last(), Retry: l.retriedTo()}
	ids := make([]plan.ID, 0, len(l.items))
	for id := range l.items {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	r.Undone = make([]cursor.Undone, 0, len(ids))
	for _, id := range ids {
		it := l.items[id]
		s, _ := l.plan.StateOf(id)
		r.Undone = append(r.Undone, cursor.Undone{Position: it.position, State: s, Again: it.retried, Subject: it.subject, Received: it.received})
	}
	return r
}

// save saves the cursor, in the background, if that is due.
func (l *loop) save() {
	if l.going || !l.dirty || len(l.counting)+len(l.waiting) == 0 && time.Since(l.savedAt) < saveEvery {
		return
	}
	if !l.failing.IsZero() && time.Since(l.savedAt) < saveEvery {
		return // not as fast as it fails
	}
	l.going, l.dirty, l.savedAt = true, false, time.Now()
	record, counted, waiting := l.record(false), l.counting, l.waiting
	l.counting, l.waiting = nil, nil
	l.inBackground(func() func() {
		err := l.cursor.Save(record)
		return func() { l.saved(record, counted, waiting, err) }
	})
}

func (l *loop) saved(r *cursor.Record, counted []*attempt, waiting []func(error), err error) {
	l.going = false
	if err == nil {
		err = l.guardCursor()
	}
	for _, then := range waiting {
		then(err)
	}
	if l.ending {
		l.notMade(counted)
		counted = nil
	}
	if err != nil {
		l.unsaved(err)
		l.counting = append(counted, l.counting...)
		return
	}
	l.saveNeeds(r)
	if !l.failing.IsZero() {
		l.failing, l.failure = time.Time{}, nil
		l.log.Info("the cursor is saved again")
	}
	for _, a := range counted {
		go l.attempt(a)
	}
}

// notMade takes back attempts that were not made.
func (l *loop) notMade(attempts []*attempt) {
	for _, a := range attempts {
		a.result.NotMade = true
		l.done(a)
	}
}

// unsaved notes that the cursor can't be saved.
func (l *loop) unsaved(err error) {
	l.dirty, l.failure = true, err
	if l.failing.IsZero() {
		l.failing = time.Now()
		l.log.Error("the cursor can't be saved; after a minute nothing is delivered until it can", zap.Error(err))
	}
}

// saveNeeds notes what is needed by what is saved.
func (l *loop) saveNeeds(r *cursor.Record) {
	l.isSaved, l.position, l.undone = true, r.Read, make([]reader.Position, 0, len(r.Undone))
	for i := range r.Undone {
		if !r.Undone[i].Again {
			l.undone = append(l.undone, r.Undone[i].Position)
		}
	}
}

// errReplaced is the error for a cursor that is not the delivery's own any more.
var errReplaced = errors.New("somebody has replaced the cursor")

// guardCursor has the cursor be there, whoever takes it away. No save may go on.
func (l *loop) guardCursor() error {
	if l.cursor.IsThere() {
		return nil
	}
	path := l.base() + cursorEnding
	c, err := cursor.Create(path, l.handle.Mode, l.record(false))
	switch {
	case errors.Is(err, fs.ErrExist):
		l.log.Warn("somebody has replaced the cursor: the delivery goes on from that one", zap.String("cursor", path))
		l.replaced, l.ending = true, true
		return errReplaced
	case err != nil:
		return fmt.Errorf("somebody has removed it, and it can't be made anew: %w", err)
	}
	l.log.Warn("somebody has removed the cursor: it was made anew", zap.String("cursor", path))
	_ = l.cursor.Close()
	l.cursor = c
	l.dirty = true
	return nil
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
	if exists, err := cursor.Exists(path); exists || err != nil {
		e.ready.Store(err == nil)
		return err
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
func (h *Handle) Ready() error {
	if h.engine.ready.Load() {
		return nil
	}
	if err := h.engine.ensureCursor(h); err != nil {
		return fmt.Errorf("deliver %s: the cursor: %w", h.engine.name, err)
	}
	return nil
}
