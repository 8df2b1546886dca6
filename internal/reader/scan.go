package reader

import (
	"context"
	"errors"
	"io"
	"runtime"
	"sync"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/files/frames"
)

// nameMargin is how far the time in a file's name may be off.
const nameMargin = time.Hour

// Found is a line that is wanted, or is torn or invalid, and may have been.
type Found struct {
	File    *File
	Number  int // of the line
	Kind    Kind
	Event   *Event // nil for a line that is torn or invalid; valid until the next
	Problem error  // what is wrong with such a line
}

// Scan reads journals on all processors. What is held in memory does not depend on
// how much there is.
type Scan struct {
	Journals Journals
	Query    Query

	// Failed is called for each file that can't be read to its end. The others are
	// read all the same.
	Failed func(error)

	// Looked, if not nil, is called often while nothing is found.
	Looked func()

	// What was looked at so far.
	Read, Total int64 // bytes of files, as they are stored, and of all that are to be read
	Plain       int64 // bytes of lines
	Files       int
	Passed      int // files that were passed over, as their names tell that nothing in them is wanted

	sieve   *sieve
	marks   bool
	decoder *frames.Decoder
	work    chan *block
	free    sync.Pool // *block, with its memory
}

// Run calls found for each line that is wanted, until it returns an error: those of a
// journal in the order in which they were written, those of several journals merged by
// the times of their events. A line without time follows the one before it.
func (s *Scan) Run(ctx context.Context, found func(*Found) error) error {
	workers := runtime.GOMAXPROCS(0)
	var err error
	if s.decoder, err = frames.NewDecoder(workers); err != nil {
		return err
	}
	s.sieve, s.marks = newSieve(&s.Query), len(s.Journals) > 1
	s.work = make(chan *block)
	s.free.New = func() any { return new(block) }

	ctx, cancel := context.WithCancel(ctx)
	var working, feeding sync.WaitGroup
	var streams []*stream
	defer func() {
		cancel()
		feeding.Wait()
		close(s.work)
		working.Wait()
		for _, st := range streams {
			st.close()
		}
		s.decoder.Close()
	}()
	for range workers {
		working.Add(1)
		go func() {
			defer working.Done()
			var compressed []byte
			for b := range s.work {
				compressed = b.load(s.decoder, compressed)
				b.sift(s.sieve, &s.Query, s.marks)
				close(b.done)
			}
		}()
	}
	ahead := max(1, 2*workers/max(1, len(s.Journals)))
	for _, j := range s.Journals {
		files := s.within(j)
		st := &stream{scan: s, ctx: ctx, blocks: make(chan *block, ahead)}
		streams = append(streams, st)
		feeding.Add(1)
		go func() {
			defer feeding.Done()
			defer close(st.blocks)
			for _, f := range files {
				if !s.feed(ctx, f, st.blocks) {
					return
				}
			}
		}()
	}
	return merge(ctx, streams, found)
}

// within returns the journal's files in which there may be events of the times that
// are wanted. The events in a rotated file came before the time in its name, and
// after that in the name of the one before; but a clock may have been wrong.
func (s *Scan) within(j *Journal) (within []*File) {
	now := time.Now()
	var previous time.Time
	for _, f := range j.Files {
		if !s.Query.mayBeIn(previous, f.Rotated, now) {
			s.Passed++
		} else {
			s.Files++
			s.Total += f.Size
			within = append(within, f)
		}
		previous = f.Rotated
	}
	return within
}

// mayBeIn tells whether there may be something in a file that was rotated then, after the one before
// it was.
func (q *Query) mayBeIn(previous, rotated, now time.Time) bool {
	isKnown := rotated == NeverRotated || rotated.Before(now)
	before := isKnown && !q.Since.IsZero() && rotated.Add(nameMargin).Before(q.Since)
	after := isKnown && !q.Until.IsZero() && !previous.IsZero() && previous.Before(now) && previous.Add(-nameMargin).After(q.Until)
	return !before && !after
}

// feed sends a file's blocks to the workers, and in their order to whoever waits for
// them. It returns false when nobody does any more.
func (s *Scan) feed(ctx context.Context, f *File, blocks chan<- *block) bool {
	send := func(b *block) bool {
		b.done = make(chan struct{})
		select {
		case blocks <- b:
		case <-ctx.Done():
			return false
		}
		select {
		case s.work <- b:
			return true
		case <-ctx.Done():
			return false
		}
	}
	fail := func(src *source, err error) bool {
		return send(&block{source: src, err: err, isLoaded: true, last: true})
	}
	src, err := openSource(f)
	if err != nil {
		return fail(&source{File: f, close: func() {}}, err)
	}
	index, err := src.index()
	if err != nil {
		return fail(src, err)
	}
	for i, where := range index {
		b := s.newBlock(src)
		b.where, b.first, b.last = where, i == 0, i == len(index)-1
		if !send(b) {
			return false
		}
	}
	if index != nil {
		return true
	}
	r, err := src.reader()
	if err != nil {
		return fail(src, err)
	}
	defer func() { _ = r.Close() }()
	for before := int64(0); ; before = src.read {
		b := s.newBlock(src)
		b.first = before == 0
		err := b.fill(r)
		b.err, b.where.Size = err, src.read-before
		last := b.last // it is another's once it is sent
		if !send(b) {
			return false
		}
		if last || err != nil {
			return true
		}
	}
}

// fill has the block take as much as it can of a reader.
func (b *block) fill(r io.Reader) (err error) {
	if cap(b.data) < blockSize {
		b.data = make([]byte, blockSize)
	}
	length := 0
	for length < blockSize && err == nil {
		var n int
		n, err = r.Read(b.data[length:blockSize])
		length += n
	}
	b.data, b.isLoaded, b.last = b.data[:length], true, errors.Is(err, io.EOF)
	if b.last {
		return nil
	}
	return err
}

// newBlock returns a block, with memory that was used before if there is some.
func (s *Scan) newBlock(src *source) *block {
	b, _ := s.free.Get().(*block)
	*b = block{source: src, data: b.data[:0], found: b.found[:0]}
	return b
}
