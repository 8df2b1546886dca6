package reader

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"
)

// stream is what a scan finds in one journal, in order.
type stream struct {
	scan   *Scan
	ctx    context.Context
	blocks chan *block

	block  *block  // the current one
	file   *source // that it is of
	number int     // of the next line
	carry  []byte  // the beginning of a line that goes on in the next block
	joined []byte  // such a line
	long   bool    // more of it was left out

	items []item
	item  // the current one
}

// item is something that was found, or only how far the search has got.
type item struct {
	found Found
	isRow bool
	time  time.Time
}

// merge calls found for what is in all streams, in the order of the times: a stream
// that has been searched up to a time has nothing from before.
func merge(ctx context.Context, streams []*stream, found func(*Found) error) error {
	var open []*stream
	for _, s := range streams {
		if s.advance() {
			open = append(open, s)
		}
	}
	for len(open) > 0 {
		next := 0
		for i, s := range open {
			if s.time.Before(open[next].time) {
				next = i
			}
		}
		s := open[next]
		if s.isRow {
			if err := found(&s.found); err != nil {
				return err
			}
		}
		if ctx.Err() == nil && !s.advance() {
			open = append(open[:next:next], open[next+1:]...)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return ctx.Err()
}

// advance goes on to the next item, and returns false at the end.
func (s *stream) advance() bool {
	for len(s.items) == 0 {
		if !s.nextBlock() {
			return false
		}
		if s.scan.Looked != nil {
			s.scan.Looked()
		}
	}
	s.item, s.items = s.items[0], s.items[1:]
	return true
}

// nextBlock takes the next block, and returns false if there is none.
func (s *stream) nextBlock() bool {
	if s.block != nil {
		s.scan.free.Put(s.block)
		s.block = nil
	}
	b := s.receive()
	if b == nil {
		return false
	}
	s.block, s.items = b, s.items[:0]
	if b.source != s.file {
		s.file, s.number, s.carry, s.long = b.source, 1, s.carry[:0], false
	}
	s.scan.Read += b.where.Size
	s.take(b)
	if b.err != nil {
		s.fail(b)
	}
	if b.last || b.err != nil && !b.isFramed { // of a damaged file, whole frames are read all the same
		s.closeFile()
	}
	return true
}

// receive waits for the next block.
func (s *stream) receive() *block {
	for {
		var b *block
		select {
		case b = <-s.blocks:
		case <-s.ctx.Done():
		}
		if b == nil {
			return nil
		}
		select {
		case <-b.done:
		case <-s.ctx.Done():
			return nil
		}
		if !b.isDone {
			return b
		}
		s.scan.free.Put(b)
	}
}

// take takes what was found in a block, and in a line that began before it.
func (s *stream) take(b *block) {
	s.scan.Plain += int64(len(b.data))
	switch {
	case b.whole:
		s.keep(b.data)
	case len(b.head) > 0:
		text := b.head
		if len(s.carry) > 0 {
			s.joined = append(s.joined[:0], s.carry...)
			text = append(s.joined, b.head...)
			s.joined = text
		}
		s.look(text[:len(text)-1])
		s.number++
		fallthrough
	default:
		for _, f := range b.found {
			f.Number += s.number
			s.add(f)
		}
		s.number += b.lines
		s.carry, s.long = s.carry[:0], false
		s.keep(b.tail)
	}
	if b.last && len(s.carry) > 0 { // it has not ended
		s.look(s.carry)
	}
	s.items = append(s.items, item{time: b.mark})
}

// keep keeps the beginning of a line, as far as lines may be long.
func (s *stream) keep(part []byte) {
	if room := maxLine - len(s.carry); len(part) > room {
		part, s.long = part[:room], true
	}
	s.carry = append(s.carry, part...)
}

// look looks at a line that was not looked at with others.
func (s *stream) look(text []byte) {
	s.scan.sieve.each(text, func(text []byte, _ int) {
		if f, ok := judge(Line{text, s.number, s.long}, &s.scan.Query); ok {
			s.add(f)
		}
	})
}

func (s *stream) add(f Found) {
	f.File = s.file.File
	i := item{found: f, isRow: true}
	if f.Event != nil {
		i.time = f.Event.Time
	}
	s.items = append(s.items, i)
}

func (s *stream) fail(b *block) {
	err := b.err
	switch {
	case b.isFramed:
		err = fmt.Errorf("%s: after line %d: %w: %d bytes are passed over", b.Path, s.number-1, err, b.where.Plain)
	case b.file != nil:
		err = fmt.Errorf("%s: line %d: %w", b.Path, s.number, err)
	case errors.Is(err, fs.ErrNotExist) && !b.named:
		return // it was removed since it was found
	}
	if s.scan.Failed != nil {
		s.scan.Failed(err)
	}
}

// closeFile is for when nothing more is wanted of the file.
func (s *stream) closeFile() {
	s.file.isDone = true
	s.file.close()
	if cap(s.joined) > keepBuffer {
		s.joined = nil
	}
	if cap(s.carry) > keepBuffer {
		s.carry = nil
	}
}

// close gives back what the stream has, when nobody works for it any more.
func (s *stream) close() {
	if s.file != nil {
		s.closeFile()
	}
	for b := range s.blocks {
		b.close()
	}
}
