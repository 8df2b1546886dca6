package reader

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/files"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/files/frames"
)

// Durability tells what of a journal's files is on the disk.
type Durability interface {
	// Durable returns up to which size a file is known to be fsynced; final tells that what
	// else is in it does not count. known is false for a file that the journal does not have open.
	Durable(fs.FileInfo) (size int64, final, known bool)
}

type nothingKnown struct{}

func (nothingKnown) Durable(fs.FileInfo) (size int64, final, known bool) { return 0, false, false }

// Hole is where somebody else took something away, or damaged it, before it was read. The
// track goes on behind it.
type Hole struct {
	File   string
	Events int // that were lost: at least 1 where nobody knows how many; 0 if all of them had been read
	Err    error
}

// The reasons for holes.
var (
	// ErrTruncated is the error for a file that was truncated after it was read.
	ErrTruncated = errors.New("the file was truncated")

	// ErrRemoved is the error for a rotated file that is not there any more.
	ErrRemoved = errors.New("the file was removed before it was read")
)

// Track reads a journal line by line, as far as it is on the disk: through rotation and
// compression, and on with what is stored later. It is used by one goroutine.
type Track struct {
	path   string
	source Durability

	// Passed is called for what is passed over: the beginning of a line that never ended.
	Passed func(file string, line []byte)

	// Lost is called for each hole, once.
	Lost func(Hole)

	current *tracked        // nil: none is open
	last    Position        // up to which was read
	floor   time.Time       // what was rotated up to then is older than the current file, or done with
	queue   []files.Rotated // what comes next, as it was listed last; the live one is not in it
	listing *listing        // the last one
	decoder *frames.Decoder // of all frames; nil: none was needed yet
	again   again

	prints map[time.Time]Fingerprint // of rotated files, by the times in their names
	times  map[Fingerprint]time.Time // where what was looked for last was found
	sizes  map[string]int64          // of rotated files, by their names
}

// NewTrack returns a track of the journal at path, from the beginning of its oldest file on. Without a
// source nobody knows what is on the disk: the track fsyncs what it reads.
func NewTrack(path string, source Durability) *Track {
	if source == nil {
		source = nothingKnown{}
	}
	return &Track{
		path: path, source: source, Passed: func(string, []byte) {}, Lost: func(Hole) {},
		prints: make(map[time.Time]Fingerprint), times: make(map[Fingerprint]time.Time),
		sizes: make(map[string]int64),
	}
}

// Last returns up to where was read; it is zero before the first line.
func (t *Track) Last() Position { return t.last }

// IsAhead tells whether a line comes after the place up to which was read. Its position must say what its file
// is called by now.
func (t *Track) IsAhead(p Position) bool {
	switch f := t.current; {
	case t.last.File != (Fingerprint{}) && t.last.File == p.File:
		return p.Offset >= t.last.End()
	case f != nil && f.print != (Fingerprint{}) && f.print == p.File:
		return p.Offset >= f.offset
	}
	return p.Rotated.After(t.floor)
}

// Close closes what is open.
func (t *Track) Close() {
	t.leave()
	t.again.close()
	if t.decoder != nil {
		t.decoder.Close()
		t.decoder = nil
	}
}

// leave closes the current file.
func (t *Track) leave() {
	if t.current != nil {
		t.current.close()
		t.current = nil
	}
}

// Next returns the next line, without its line feed, and where it is. The text is valid
// until the next call. At the end of what is on the disk for now the error is io.EOF. After any
// other error the next call tries the same again.
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
			f.offset, f.tail = t.last.End(), t.last
			return line[:len(line)-1], t.last, nil
		case errors.Is(err, ErrTruncated):
			t.truncated(false)
			continue
		case isDamage(err):
			t.Lost(Hole{File: f.file.Name(), Events: 1, Err: err})
			f.pass()
			continue
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
		if err := t.finish(); err != nil {
			return nil, Position{}, err
		}
	}
}

// finish goes on to the file after the current one, of which all was read.
func (t *Track) finish() error {
	f := t.current
	if len(f.buffer) > 0 {
		t.Passed(f.file.Name(), f.buffer)
		f.buffer = f.buffer[:0] // once
	}
	if f.rotated == NeverRotated {
		if err := t.learnName(); err != nil {
			return err
		}
	}
	if f.rotated != NeverRotated && f.print != (Fingerprint{}) {
		t.last = Position{File: f.print, Rotated: f.rotated, Offset: f.offset}
	}
	return t.advance()
}

// lookAgain is how long what was seen of a file holds, except for what the journal says.
const lookAgain = 50 * time.Millisecond

// refresh finds out how much of the current file counts by now.
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
	if time.Since(f.looked) < lookAgain {
		// The journal knows what is on the disk of the file that it has open, and is asked for
		// each event: the disk is asked less often.
		if size, final, known := t.source.Durable(f.info); known && !final && size >= before {
			f.limit = size
			return size > before, nil
		}
	}
	f.looked = time.Time{}
	isLive, err := t.isLive(f.info) // before its size: nothing is appended once it is not the live one
	if err != nil {
		return false, err
	}
	size, final, known := t.source.Durable(f.info)
	now, err := f.file.Stat()
	if err != nil {
		return false, err
	}
	if now.Size() < f.read || (f.tail.Length <= chunk/4 || time.Since(f.checked) > time.Second) && !f.isUnchanged() {
		t.truncated(known && size == f.offset && now.Size() < f.read)
		return true, nil
	}
	switch {
	case known && (final || !isLive && files.IsAside(now)):
		f.limit, f.complete = min(size, now.Size()), true
	case !isLive && files.IsAside(now):
		f.limit, f.complete = now.Size(), true // nobody knows any more what of it is on the disk
	case !isLive:
		if err := f.sync(); err != nil {
			return false, err
		}
		f.limit, f.complete = now.Size(), true
	case known && size > f.limit && size <= now.Size():
		f.limit, f.longer = size, time.Time{}
	case now.Size() > f.limit:
		// Another process writes to it, or has truncated it, or the journal has not begun to. If
		// it had, it would have said so soon.
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
	if known && !final && isLive && size == f.limit { // as it is where nobody else writes to it
		f.looked = time.Now()
	}
	return f.limit > before, nil
}

// truncated goes on after somebody has truncated the current file: in a copy, if one was made,
// else with what was appended since. atEnd tells that all had been read before.
func (t *Track) truncated(atEnd bool) {
	f := t.current
	name := f.file.Name()
	if t.last.Length > 0 && t.last.File == f.print {
		for _, r := range t.foreign() {
			if copied, err := t.openAfter(r, t.last); err == nil && copied != nil {
				t.Lost(Hole{File: name, Err: fmt.Errorf("%w: what was not read is read in %s", ErrTruncated, r.Forms[0])})
				t.leave()
				t.current = copied
				return
			}
		}
	}
	hole := Hole{File: name, Events: 1, Err: ErrTruncated}
	if atEnd {
		hole.Events = 0
	}
	t.last = Position{Rotated: t.floor}
	_ = f.restart() // which fails with compressed ones only
	t.Lost(hole)
}
