// Package reader reads what receivers have stored: the lines of files, be they
// compressed or not, and the events in them.
package reader

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/files/frames"
)

const (
	// maxLine is the length, in bytes, of the longest line that is kept in memory.
	// The receiver needs several times as much for one, so it writes none as long.
	maxLine = 1 << 30

	// keepBuffer is the capacity up to which the buffer of a line is used again.
	keepBuffer = 1 << 20
)

// Lines reads the lines of a file, which may be compressed with gzip or zstd. It
// holds one line at a time. A file that grows can be read on.
type Lines struct {
	file       *os.File
	read       int64 // bytes of the file so far
	r          *bufio.Reader
	decoder    io.Closer // nil unless the file needs one
	compressed bool
	isBorrowed bool // the file is another's to close
	limit      int  // maxLine, but in tests

	offset int64     // decoded bytes so far
	sum    hash.Hash // of them, if somebody wants to know; see Place

	text   []byte // the line so far
	ended  bool   // text was returned
	long   bool   // more of it was left out
	number int    // of the line that text belongs to, from 1
}

// Line is a line, without its line feed. Its text is valid until the next call.
type Line struct {
	Text   []byte
	Number int
	Long   bool // only its beginning, as the line is over the limit
}

// Open opens a file; what is in it says whether it is compressed.
func Open(path string) (*Lines, error) {
	f, err := OpenFile(path)
	if err != nil {
		return nil, err
	}
	r, err := New(f, f)
	if err != nil {
		_ = f.Close()
	}
	return r, err
}

// New reads a file, or the part of it that r has.
func New(f *os.File, r io.Reader) (*Lines, error) {
	l := &Lines{file: f, limit: maxLine, number: 1}
	source := bufio.NewReaderSize(counter{r, &l.read}, 64<<10)
	l.r = source
	decoded, err := frames.NewReader(source)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.Name(), err)
	}
	if decoded == nil {
		return l, nil
	}
	l.decoder = decoded
	l.compressed = true
	l.r = bufio.NewReaderSize(decoded, 64<<10)
	return l, nil
}

// File is the file.
func (l *Lines) File() *os.File { return l.file }

// Name is the name by which the file was opened.
func (l *Lines) Name() string { return l.file.Name() }

// Read is how many bytes of the file have been read, as they are stored.
func (l *Lines) Read() int64 { return l.read }

// Offset is how many decoded bytes have been read.
func (l *Lines) Offset() int64 { return l.offset }

// Compressed tells whether the file is.
func (l *Lines) Compressed() bool { return l.compressed }

// Ended tells whether the line that was returned last has ended: false for that
// of Rest.
func (l *Lines) Ended() bool { return l.ended }

// Hash has Place know the hash of what was read. It is called before anything is.
func (l *Lines) Hash() { l.sum = sha256.New() }

// Empty tells whether there is nothing more to read for now. An error comes again
// with the next line.
func (l *Lines) Empty() bool {
	_, err := l.r.Peek(1)
	return errors.Is(err, io.EOF)
}

// Next returns the next line that has ended. At the end of the file, for now,
// the error is io.EOF, and Rest has what there is of another line.
func (l *Lines) Next() (Line, error) {
	if l.ended {
		l.number++
		l.reset()
	}
	for {
		part, err := l.r.ReadSlice('\n')
		l.count(part)
		if room := l.limit - len(l.text); len(part) > room+1 { // 1 for the line feed
			part, l.long = part[:room], true
		}
		l.text = append(l.text, part...)
		switch {
		case err == nil:
			l.ended = true
			return Line{bytes.TrimSuffix(l.text, []byte("\n")), l.number, l.long}, nil
		case errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF):
			return Line{}, io.EOF
		default:
			return Line{}, fmt.Errorf("%s: line %d: %w", l.file.Name(), l.number, err)
		}
	}
}

// Rest returns the beginning of a line that has not ended; its text may be empty.
func (l *Lines) Rest() Line {
	if l.ended {
		return Line{Number: l.number + 1}
	}
	return Line{l.text, l.number, l.long}
}

// Each calls do for each line, and for the beginning of one that has not ended.
func (l *Lines) Each(do func(Line) error) error {
	for {
		next, err := l.Next()
		last := errors.Is(err, io.EOF)
		if last {
			if next, err = l.Rest(), nil; len(next.Text) == 0 {
				return nil
			}
		}
		if err == nil {
			err = do(next)
		}
		if last || err != nil {
			return err
		}
	}
}

// skip passes over what there is up to that many bytes from the beginning. The
// error is io.EOF if there are fewer.
func (l *Lines) skip(to int64) error {
	for l.offset < to {
		if _, err := l.r.Peek(1); errors.Is(err, io.EOF) {
			return err
		} else if err != nil {
			return fmt.Errorf("%s: line %d: %w", l.file.Name(), l.number, err)
		}
		part, _ := l.r.Peek(int(min(to-l.offset, int64(l.r.Buffered()))))
		l.count(part)
		l.number += bytes.Count(part, []byte("\n"))
		_, _ = l.r.Discard(len(part))
	}
	return nil
}

func (l *Lines) count(part []byte) {
	l.offset += int64(len(part))
	if l.sum != nil {
		_, _ = l.sum.Write(part) // which never fails
	}
}

func (l *Lines) reset() {
	l.text, l.ended, l.long = l.text[:0], false, false
	if cap(l.text) > keepBuffer {
		l.text = nil
	}
}

// Release gives back what the reader needed, except for the file.
func (l *Lines) Release() {
	if l.decoder != nil {
		_ = l.decoder.Close()
	}
}

// Close is Release, and closes the file.
func (l *Lines) Close() {
	l.Release()
	if !l.isBorrowed {
		_ = l.file.Close()
	}
}

// counter counts the bytes that are read.
type counter struct {
	io.Reader
	n *int64
}

func (c counter) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	*c.n += int64(n)
	return n, err
}
