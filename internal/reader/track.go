package reader

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/files"
)

// printBytes is how much of a file's first line its fingerprint is made of, at most.
const printBytes = 4 << 10

// Fingerprint tells files apart by what they begin with, however they are called and
// compressed. It is zero for a file without a line.
type Fingerprint [16]byte

// Position is where a line is in a journal.
type Position struct {
	File    Fingerprint
	Rotated time.Time // in the file's name, when it was read: a hint; NeverRotated for the live one
	Offset  int64     // of the line's first byte, decompressed
	Length  int64     // of the line, with its line feed
	Hash    uint64    // of the same; see HashOf
}

// End is the offset of what follows the line.
func (p *Position) End() int64 { return p.Offset + p.Length }

// HashOf returns the hash of a line, with its line feed.
func HashOf(line []byte) uint64 {
	sum := sha256.Sum256(line)
	return binary.BigEndian.Uint64(sum[:])
}

// Durability tells what of a journal's files is on the disk.
type Durability interface {
	// Durable returns up to which size a file is known to be fsynced; final tells that what
	// else is in it does not count. known is false for a file that the journal does not have open.
	Durable(fs.FileInfo) (size int64, final, known bool)
}

// Track reads a journal line by line, as far as it is on the disk: through rotation and
// compression, and on with what is stored later. It is used by one goroutine.
type Track struct {
	path   string
	source Durability

	// Passed is called for what is passed over: the beginning of a line that never ended.
	Passed func(file string, line []byte)

	current *tracked                  // nil: none is open
	last    Position                  // of the line that was returned last
	prints  map[time.Time]Fingerprint // of rotated files, by the times in their names
	again   again
}

// tracked is a file that is being read.
type tracked struct {
	file       *os.File
	info       fs.FileInfo
	print      Fingerprint // zero until its first line is read
	rotated    time.Time   // in its name, NeverRotated as long as that is not known
	seenLive   time.Time   // when it was open as the live one
	compressed bool
	decoder    io.ReadCloser // of a compressed one

	limit    int64 // up to which the file counts for now, as stored
	complete bool  // and for good
	longer   time.Time

	offset int64  // of the next line, decompressed
	read   int64  // of what is to be read next: behind the buffer
	memory []byte // of the buffer
	buffer []byte // what was read and not returned: the end of what is used of the memory
}

// NewTrack returns a track of the journal at path, from the beginning of its oldest file on.
func NewTrack(path string, source Durability) *Track {
	return &Track{path: path, source: source, Passed: func(string, []byte) {}, prints: make(map[time.Time]Fingerprint)}
}

// Last returns where the line is that was returned last; it is zero before the first one.
func (t *Track) Last() Position { return t.last }

// Close closes the file that is open.
func (t *Track) Close() {
	if t.current != nil {
		t.current.close()
		t.current = nil
	}
	t.again.close()
}

func (f *tracked) close() {
	if f.decoder != nil {
		_ = f.decoder.Close()
	}
	_ = f.file.Close()
}

// Next returns the next line, without its line feed, and where it is. The text is valid
// until the next call. At the end of what is on the disk for now the error is io.EOF.
func (t *Track) Next() ([]byte, Position, error) {
	for {
		if t.current == nil {
			if err := t.advance(); err != nil {
				return nil, Position{}, err
			}
		}
		f := t.current
		line, err := f.next()
		switch {
		case err == nil:
			t.last = Position{File: f.print, Rotated: f.rotated, Offset: f.offset, Length: int64(len(line)), Hash: HashOf(line)}
			f.offset += int64(len(line))
			return line[:len(line)-1], t.last, nil
		case !errors.Is(err, io.EOF):
			return nil, Position{}, fmt.Errorf("%s: %w", f.file.Name(), err)
		}
		grown, err := t.refresh()
		switch {
		case err != nil:
			return nil, Position{}, err
		case grown:
			continue
		case !f.complete:
			return nil, Position{}, io.EOF
		}
		if len(f.buffer) > 0 {
			t.Passed(f.file.Name(), f.buffer)
			f.buffer = f.buffer[:0] // once
		}
		if err := t.advance(); err != nil {
			return nil, Position{}, err
		}
	}
}

// next returns the next line of the file, with its line feed. The error is io.EOF if there
// is none up to the limit.
func (f *tracked) next() ([]byte, error) {
	searched := 0
	for {
		if i := bytes.IndexByte(f.buffer[searched:], '\n'); i >= 0 {
			line := f.buffer[:searched+i+1]
			f.buffer = f.buffer[searched+i+1:]
			if f.print == (Fingerprint{}) {
				f.print = printOf(line)
			}
			return line, nil
		}
		searched = len(f.buffer)
		if err := f.fill(); err != nil {
			return nil, err
		}
	}
}

// chunk is how much is read at a time, in bytes.
const chunk = 256 << 10

// fill reads more into the buffer.
func (f *tracked) fill() error {
	if cap(f.buffer)-len(f.buffer) < chunk/4 {
		if need := len(f.buffer) + chunk; need > len(f.memory) || len(f.memory) > 64*chunk && need < len(f.memory)/8 {
			f.memory = make([]byte, need)
		}
		f.buffer = f.memory[:copy(f.memory, f.buffer)]
	}
	room := f.buffer[len(f.buffer):cap(f.buffer)]
	var n int
	var err error
	if f.compressed {
		n, err = f.decoder.Read(room)
	} else {
		room = room[:min(int64(len(room)), max(0, f.limit-f.read))]
		if len(room) == 0 {
			return io.EOF
		}
		n, err = f.file.ReadAt(room, f.read)
	}
	f.read += int64(n)
	f.buffer = f.buffer[:len(f.buffer)+n]
	if n > 0 {
		return nil
	}
	return err
}

// refresh finds out how much of the file counts by now.
func (t *Track) refresh() (grown bool, err error) {
	f := t.current
	if f.complete {
		return false, nil
	}
	if f.compressed {
		f.complete = true
		return false, nil
	}
	before := f.limit
	live, err := os.Stat(t.path) // before its size: nothing is appended once it is not the live one
	isLive := err == nil && os.SameFile(live, f.info)
	if isLive {
		f.seenLive = time.Now()
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	size, final, known := t.source.Durable(f.info)
	now, err := f.file.Stat()
	if err != nil {
		return false, err
	}
	switch {
	case known && (final || !isLive && files.IsAside(now)):
		f.limit, f.complete = size, true
	case !isLive && files.IsAside(now):
		f.limit, f.complete = now.Size(), true // nobody knows any more what of it is on the disk
	case !isLive:
		if err := f.sync(); err != nil {
			return false, err
		}
		f.limit, f.complete = now.Size(), true
	case known && size > f.limit:
		f.limit, f.longer = size, time.Time{}
	case now.Size() > f.limit:
		// Another process writes to it, or the journal has not begun to. In the first case
		// the journal would have said so soon.
		if f.longer.IsZero() {
			f.longer = time.Now()
		}
		if known && time.Since(f.longer) < time.Second {
			return false, nil
		}
		if err := f.sync(); err != nil {
			return false, err
		}
		f.limit, f.longer = now.Size(), time.Time{}
	}
	if f.complete && f.rotated == NeverRotated {
		t.learnName()
	}
	if f.limit < before || now.Size() < f.read {
		return false, fmt.Errorf("%s: %w", f.file.Name(), ErrTruncated)
	}
	return f.limit > before, nil
}

// ErrTruncated is the error for a file that has become shorter than what was read of it.
var ErrTruncated = errors.New("the file was truncated")

func (f *tracked) sync() error {
	if err := f.file.Sync(); err != nil {
		return fmt.Errorf("fsync of %s: %w", f.file.Name(), err)
	}
	return nil
}

// printOf returns the fingerprint of a file that begins with that.
func printOf(begin []byte) (p Fingerprint) {
	if i := bytes.IndexByte(begin, '\n'); i >= 0 {
		begin = begin[:i+1]
	}
	sum := sha256.Sum256(begin[:min(len(begin), printBytes)])
	copy(p[:], sum[:])
	return p
}
