package reader

import (
	"bytes"
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
		err = b.track.among(now, p.Position, func(r files.Rotated) (bool, error) { return b.enter(all, r, p) })
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

// at returns the line at a position, and has what is before it, where that has to be decompressed from its beginning.
func (b *Back) at(f *tracked, p Position) ([]byte, error) {
	if !f.compressed || f.frames != nil || p.Offset < 0 || p.Length <= 0 || p.Length > windowBytes {
		return f.at(p)
	}
	read, err := b.decompress(f, p.End())
	if err == nil && (read < p.End() || int64(len(b.window)) < p.Length) {
		err = io.EOF
	}
	if err != nil {
		return nil, err
	}
	return b.window[int64(len(b.window))-p.Length:], nil
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

// sizeOf returns up to where a file has lines that have ended.
func (b *Back) sizeOf(f *tracked) (int64, error) {
	switch {
	case f.frames != nil:
		size := int64(0)
		for _, frame := range f.frames {
			size += frame.Plain
		}
		return size, nil
	case f.compressed:
		return b.decompress(f, 1<<62)
	}
	return lastFeed(f.file, f.info.Size())
}

// windowBytes is how much of a file that has to be decompressed from its beginning is kept.
const windowBytes = 64 << 20

// restEvery is after how much work there is a chance to rest.
const restEvery = 10 * time.Millisecond

// decompress decompresses what is before end, or all, and keeps the end of it. It returns how
// much that was.
func (b *Back) decompress(f *tracked, end int64) (int64, error) {
	began := time.Now()
	defer func() { b.decompressing += time.Since(began) }()
	if f.decoder != nil {
		_ = f.decoder.Close()
	}
	if err := f.decode(); err != nil {
		return 0, asDamage(err)
	}
	b.window = b.window[:0]
	read, rested := int64(0), time.Now()
	part := make([]byte, chunk)
	for read < end {
		if worked := time.Since(rested); worked > restEvery {
			b.rest(worked)
			rested = time.Now()
		}
		if err := b.ctx.Err(); err != nil {
			return 0, err
		}
		n, err := f.decoder.Read(part[:min(int64(len(part)), end-read)])
		read += int64(n)
		if len(b.window)+n > windowBytes+windowBytes/4 {
			b.window = append(b.window[:0], b.window[len(b.window)-windowBytes:]...)
		}
		b.window = append(b.window, part[:n]...)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil { // what came before it is as good as it was
			b.Failed(fmt.Errorf("%s: after %d bytes: %w", f.file.Name(), read, err))
			break
		}
	}
	b.windowEnd = read
	return read, nil
}

// lines returns lines that end where those begin that were returned last; or nothing, where what is there
// is damaged, or has never ended.
func (b *Back) lines() Block {
	for want := int64(blockSize); b.end > 0; want *= 2 {
		data, begin, err := b.before(min(want, b.end))
		if err != nil {
			b.Failed(fmt.Errorf("%s: %w", b.file.file.Name(), err))
			// What comes next may be a line, or the end of one.
			rest := b.block(b.carry, b.end)
			b.carry = nil
			if b.end = 0; isDamage(err) && b.file.frames != nil {
				b.end = begin
			}
			return rest
		}
		data = append(data, b.carry...)
		b.buffer, b.carry, b.end = data[:0], nil, begin
		first := 0
		if begin > 0 {
			if first = bytes.IndexByte(data, '\n') + 1; first == 0 || first == len(data) {
				b.carry = bytes.Clone(data)
				continue
			}
			b.carry = bytes.Clone(data[:first])
		}
		return b.block(data[first:], begin+int64(first))
	}
	return Block{}
}

// block returns what of the data is lines that have ended.
func (b *Back) block(data []byte, offset int64) Block {
	return Block{Data: data[:bytes.LastIndexByte(data, '\n')+1], File: b.print, Rotated: b.file.rotated, Offset: offset}
}

// before returns about so much of what is before the end of what is to be read, and where that begins. With an error
// of a frame it is where that begins.
func (b *Back) before(want int64) (data []byte, begin int64, err error) {
	f := b.file
	begin = b.end - want
	switch {
	case f.frames != nil && want <= blockSize: // the frame that it ends in
		return b.framesFrom(b.end - 1)
	case f.frames != nil:
		return b.framesFrom(begin)
	case f.compressed:
		if first := b.windowEnd - int64(len(b.window)); b.end > b.windowEnd || begin < first && first > 0 {
			read, err := b.decompress(f, b.end)
			if err == nil && read < b.end {
				err = damage{errors.New("shorter than it was")}
			}
			if err != nil {
				return nil, 0, err
			}
		}
		first := b.windowEnd - int64(len(b.window))
		begin = max(begin, first)
		return append(b.buffer[:0], b.window[begin-first:b.end-first]...), begin, nil
	}
	if int64(cap(b.buffer)) < want {
		b.buffer = make([]byte, want, want+want/8)
	}
	data = b.buffer[:want]
	_, err = f.file.ReadAt(data, begin)
	return data, begin, err
}

// framesFrom returns what is before the end of what is to be read, from the beginning of the frame on in
// which an offset is.
func (b *Back) framesFrom(offset int64) (data []byte, begin int64, err error) {
	data = b.buffer[:0]
	at := int64(0)
	begin = -1
	for i, frame := range b.file.frames {
		if at >= b.end {
			break
		}
		if at+frame.Plain > offset {
			if begin < 0 {
				begin = at
			}
			plain, err := b.file.decodeFrame(data[len(data):], i)
			if err != nil {
				return nil, at, err
			}
			data = append(data, plain...)
		}
		at += frame.Plain
	}
	if begin < 0 || at < b.end {
		return nil, 0, damage{errors.New("shorter than it was")}
	}
	return data[:b.end-begin], begin, nil
}
