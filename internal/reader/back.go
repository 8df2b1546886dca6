package reader

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/files"
)

// Before is where reading backwards goes on: before a line.
type Before struct {
	Position  Position `json:"position"`            // zero: the end
	Including bool     `json:"including,omitempty"` // the line itself comes next
	Done      bool     `json:"done,omitempty"`      // nothing more comes
}

// Block is lines of a journal that follow one another in a file.
type Block struct {
	Data    []byte // with their line feeds
	File    Fingerprint
	Rotated time.Time
	Offset  int64 // of the first one, decompressed
}

// position returns that of a line that is a part of the block's data, without its line feed.
func (b *Block) position(line []byte) Position {
	offset := int64(cap(b.Data) - cap(line))
	length := int64(len(line)) + 1
	return Position{File: b.File, Rotated: b.Rotated, Offset: b.Offset + offset, Length: length, Hash: HashOf(b.Data[offset : offset+length])}
}

// Back reads a journal backwards, from its newest line to its oldest: as far as files can be entered
// in the middle, no more is read than is asked for. What is compressed in other ways is decompressed
// from its beginning. It is used by one goroutine.
type Back struct {
	// Skips, if not nil, tells that nothing is wanted of a file that was rotated then, after the
	// one before it was.
	Skips func(previous, rotated time.Time) bool

	// Failed is called for each file, or part of one, that can't be read. The others are read all the same.
	Failed func(error)

	// Of is how many files there are.
	Of int

	ctx           context.Context            // of who waits for what has to be decompressed from its beginning
	rest          func(worked time.Duration) // called meanwhile
	decompressing time.Duration              // how long that took

	track *Track
	list  *listing        // that left is of
	left  []files.Rotated // what is older than the current file, the oldest first
	file  *tracked        // nil: none is open
	print Fingerprint
	end   int64  // up to which the current file is still to be read
	carry []byte // what comes there, up to and with a line feed: the end of a line, or all of it

	buffer    []byte
	window    []byte // of a file that was decompressed from its beginning: what is before windowEnd
	windowEnd int64
}

// NewBack returns what reads the journal at path.
func NewBack(path string) *Back {
	return &Back{
		track: NewTrack(path, nil), Failed: func(error) {},
		ctx: context.Background(), rest: func(time.Duration) {},
	}
}

// Close closes what is open.
func (b *Back) Close() {
	b.leave()
	b.track.Close()
}

func (b *Back) leave() {
	if b.file != nil {
		b.file.close()
	}
	b.file, b.window, b.windowEnd, b.carry = nil, nil, 0, nil
}

// Seek has the next block be what is before a line. It is called before the first one. The error is ErrGone if neither the
// line is there any more, nor anything that tells what was before it.
func (b *Back) Seek(p Before) error {
	for range 100 { // files may be renamed meanwhile
		now, err := b.track.list()
		if err != nil {
			return err
		}
		all := b.track.all(now)
		b.list, b.Of = now, len(all)
		switch {
		case p.Done:
			return nil
		case p.Position == (Position{}):
			b.left = all
			return nil
		}
		among := now
		if at := p.Position.Rotated; at.Before(time.Now()) && (len(now.rotated) == 0 || at.Before(now.rotated[0].At)) {
			among = &listing{live: now.live} // it was removed for its age: none of them is it
		}
		err = b.track.among(among, p.Position, func(r files.Rotated) (bool, error) { return b.enter(all, r, p) })
		if !errors.Is(err, ErrGone) {
			return err
		}
		later, err := b.track.list()
		if err != nil {
			return err
		}
		if later != now && !later.equal(now) {
			continue
		}
		if at := p.Position.Rotated; at.IsZero() || at == NeverRotated {
			return fmt.Errorf("%s: %w", b.track.path, ErrGone)
		}
		b.left = olderThan(all, p.Position.Rotated) // it was removed for its age, perhaps, and so were they
		return nil
	}
	return fmt.Errorf("%s: the files change all the time", b.track.path)
}

// enter has a file read up to the line, if it has that.
func (b *Back) enter(all []files.Rotated, r files.Rotated, p Before) (bool, error) {
	f, err := b.track.openTracked(r)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	line, err := b.at(f, p.Position)
	if err != nil || HashOf(line) != p.Position.Hash {
		f.close()
		b.window, b.windowEnd = nil, 0
		if err == nil || errors.Is(err, io.EOF) || isDamage(err) {
			err = nil
		}
		return false, err
	}
	b.left = olderThan(all, r.At)
	if r.At == NeverRotated && r.Forms[0] != b.track.path { // another program has renamed it
		b.left = olderThan(all, timeOf(line))
	}
	b.file, b.print, b.end = f, p.Position.File, p.Position.Offset
	if p.Including {
		b.end = p.Position.End()
	}
	return true, nil
}

// olderThan returns the files that were rotated before a time.
func olderThan(all []files.Rotated, at time.Time) []files.Rotated {
	i := slices.IndexFunc(all, func(r files.Rotated) bool { return !r.At.Before(at) })
	if i < 0 {
		i = len(all)
	}
	return all[:i]
}

// Next returns the lines before those that were returned last. They are valid until the next call. At
// the beginning of the oldest file the error is io.EOF.
func (b *Back) Next() (Block, error) {
	for {
		if b.file == nil {
			if len(b.left) == 0 {
				return Block{}, io.EOF
			}
			b.open()
			continue
		}
		if b.end == 0 && len(b.carry) == 0 {
			b.leave()
			continue
		}
		if block := b.lines(); len(block.Data) > 0 {
			return block, nil
		}
	}
}

// passOver has the next block be one of an older file, unless the current one begins after a time: then that of
// a line from before it is that of a clock that was wrong.
func (b *Back) passOver(before time.Time) {
	if b.file == nil {
		return
	}
	first, err := b.track.firstLine(files.Rotated{At: b.file.rotated, Forms: []string{b.file.file.Name()}})
	if begin := timeOf(first); err == nil && !begin.IsZero() && begin.Before(before) {
		b.leave()
	}
}

// open opens the newest file of those that are left.
func (b *Back) open() {
	r := b.left[len(b.left)-1]
	b.left = b.left[:len(b.left)-1]
	previous := time.Time{}
	if len(b.left) > 0 {
		previous = b.left[len(b.left)-1].At
	}
	if b.Skips != nil && b.Skips(previous, r.At) {
		return
	}
	f, err := b.track.openTracked(r)
	if r.At == NeverRotated && (errors.Is(err, fs.ErrNotExist) || err == nil && !sameFile(f.info, b.list.live)) {
		b.listAgain(f) // it was rotated since
		return
	}
	if err == nil {
		if b.end, err = b.sizeOf(f); err == nil {
			b.print, err = b.printOf(f, r)
		}
		if err != nil {
			f.close()
		}
	}
	switch {
	case err == nil:
		b.file = f
	case !errors.Is(err, fs.ErrNotExist): // else it was removed
		b.Failed(err)
	}
}

// listAgain begins anew: with what the live file is by now.
func (b *Back) listAgain(f *tracked) {
	if f != nil {
		f.close()
	}
	now, err := b.track.list()
	if err != nil {
		b.Failed(err)
		return
	}
	b.list, b.left = now, b.track.all(now)
	b.Of = len(b.left)
}

// printOf returns the fingerprint of a file that is open, which may have another name by now.
func (b *Back) printOf(f *tracked, r files.Rotated) (Fingerprint, error) {
	if f.compressed {
		return b.track.printOfFile(r)
	}
	return f.storedPrint(), nil
}
