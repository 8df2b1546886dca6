package reader

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"time"
)

// Latest finds events in journals, the newest first, some at a time.
type Latest struct {
	Paths []string // of the journals' live files
	Query Query
	Wants func(path string, e *Event) bool // beside the query; nil: all

	Limit int           // of events that are found
	Bytes int64         // that are read, decompressed, about; at least one block of each journal is
	Time  time.Duration // that it takes, about, beside what it takes to decompress files from their beginning

	// Rest, if not nil, is called after each block, with how long that took.
	Rest func(worked time.Duration)

	// Failed is called for each file, or part of one, that can't be read. The others are read all the same.
	Failed func(error)

	// What was looked at.
	Read      int64     // bytes, decompressed
	Files, Of int       // files, with those that were passed over for the times in their names, of all that there are
	BackTo    time.Time // everything from then on; zero: nothing
}

// LatestEvent is an event that was found, or a line of the format raw, in memory of its own.
type LatestEvent struct {
	*Event
	Path     string // of the journal
	Position Position
}

// Places is where to go on in each journal, by its path.
type Places map[string]Before

// Done tells whether all was looked at.
func (p Places) Done() bool {
	for _, before := range p {
		if !before.Done {
			return false
		}
	}
	return true
}

// Run returns events that are wanted, and where to go on. Of several journals they are merged by their
// times. The first time there are no places. The error is ErrGone if a place is not there any more.
func (l *Latest) Run(ctx context.Context, from Places) (found []LatestEvent, next Places, err error) {
	began := time.Now()
	sieve := newSieve(&l.Query)
	next = make(Places)
	var open []*backStream
	defer func() {
		for _, s := range open {
			s.Close()
		}
	}()
	for _, path := range l.Paths {
		s := &backStream{Back: NewBack(path), latest: l, sieve: sieve, before: from[path]}
		open = append(open, s)
		s.Skips = func(previous, rotated time.Time) bool { return !l.Query.mayBeIn(previous, rotated, began) }
		if l.Failed != nil {
			s.Failed = l.Failed
		}
		if s.ctx = ctx; l.Rest != nil {
			s.rest = l.Rest
		}
		err := s.Seek(s.before)
		if errors.Is(err, ErrGone) || ctx.Err() != nil {
			return nil, nil, err
		}
		if err != nil { // the others are looked at all the same
			s.Failed(err)
		}
		s.isDone = err != nil || s.before.Done
	}
	isOver := func() bool {
		took := time.Since(began)
		for _, s := range open {
			took -= s.decompressing // else there would be no progress
		}
		return len(found) >= l.Limit || l.Read >= l.Bytes || took >= l.Time || ctx.Err() != nil
	}
	for {
		// Each must have been looked at as far as the next event of any.
		var newest *backStream
		for _, s := range open {
			for !s.isDone && len(s.items) == 0 && (!isOver() || s.blocks == 0 && ctx.Err() == nil) {
				s.load()
			}
			if len(s.items) > 0 && (newest == nil || s.items[0].time.After(newest.items[0].time)) {
				newest = s
			}
		}
		stuck := slices.ContainsFunc(open, func(s *backStream) bool { return !s.isDone && len(s.items) == 0 })
		if newest == nil || stuck || len(found) >= l.Limit {
			break
		}
		i := newest.take()
		if i.event != nil {
			found = append(found, LatestEvent{i.event, newest.track.path, i.position})
		}
		if !i.time.IsZero() {
			l.BackTo = i.time
		}
	}
	for _, s := range open {
		next[s.track.path] = s.place()
		l.Of += s.Of
		l.Files += s.Of - len(s.left)
	}
	return found, next, ctx.Err()
}

// backStream is what is found in one journal, the newest first.
type backStream struct {
	*Back
	latest *Latest
	sieve  *sieve
	before Before // where to go on, if nothing more of it is taken
	items  []backItem
	blocks int
	isDone bool // nothing more can be loaded
}

// backItem is an event that was found, or how far the search has got.
type backItem struct {
	event    *Event
	time     time.Time
	position Position
}

// load looks at a block more.
func (s *backStream) load() {
	began := time.Now()
	s.blocks++
	b, err := s.Next()
	if err != nil {
		s.isDone = true
		return
	}
	s.latest.Read += int64(len(b.Data))
	lines := b.Data[:len(b.Data)-1]
	if s.before.Position == (Position{}) { // so that nothing comes later that is stored from now on
		last := bytes.LastIndexByte(lines, '\n') + 1
		s.before = Before{Position: b.position(lines[last:]), Including: true}
	}
	first, _, _ := bytes.Cut(lines, []byte("\n"))
	mark := backItem{position: b.position(first)}
	var ok bool
	if mark.time, ok = quickTime(first); !ok {
		mark.time = timeOf(first)
	}
	s.items = append(s.items[:0], mark)
	var texts [][]byte
	s.sieve.each(b.Data, func(text []byte, _ int) {
		if s.wants(text) {
			texts = append(texts, text)
		}
	})
	for _, text := range texts[max(0, len(texts)-max(s.latest.Limit, 1)):] { // no more are taken
		_, e, _ := Parse(Line{Text: bytes.Clone(text)})
		s.items = append(s.items, backItem{e, e.Time, b.position(text)})
	}
	slices.Reverse(s.items)
	s.date()
	if since := s.latest.Query.Since; !since.IsZero() && !mark.time.IsZero() && mark.time.Before(since.Add(-nameMargin)) {
		s.passOver(since.Add(-nameMargin))
	}
	if s.latest.Rest != nil {
		s.latest.Rest(time.Since(began))
	}
}

// date gives items without a time that of what is stored after them or, where there is none, before them.
func (s *backStream) date() {
	last := time.Time{}
	if i := slices.IndexFunc(s.items, func(i backItem) bool { return !i.time.IsZero() }); i >= 0 {
		last = s.items[i].time
	}
	for i := range s.items {
		if s.items[i].time.IsZero() {
			s.items[i].time = last
		}
		last = s.items[i].time
	}
}

// wants tells whether the event of a line is wanted.
func (s *backStream) wants(text []byte) bool {
	_, e, _ := Parse(Line{Text: text})
	return e != nil && s.latest.Query.Wants(e) && (s.latest.Wants == nil || s.latest.Wants(s.track.path, e))
}

// take takes the newest item.
func (s *backStream) take() backItem {
	i := s.items[0]
	s.items = s.items[1:]
	s.before = Before{Position: i.position}
	return i
}

// place is where to go on.
func (s *backStream) place() Before {
	if s.isDone && len(s.items) == 0 {
		return Before{Done: true}
	}
	return s.before
}
