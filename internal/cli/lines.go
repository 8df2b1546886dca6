package cli

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"

	"github.com/klauspost/compress/zstd"
)

const (
	// maxLine is the length, in bytes, of the longest line that is kept in memory.
	// The receiver needs several times as much for one, so it writes none as long.
	maxLine = 1 << 30

	// keepBuffer is the capacity up to which the buffer of a line is used again.
	keepBuffer = 1 << 20

	// maxWindow is the largest zstd window, in bytes, that is decoded: what the
	// zstd command takes without being asked for more.
	maxWindow = 128 << 20
)

var (
	gzipMagic = []byte{0x1f, 0x8b}
	zstdMagic = []byte{0x28, 0xb5, 0x2f, 0xfd}
)

// lineReader reads the lines of a file, which may be compressed with gzip or
// zstd. It holds one line at a time. A file that grows can be read on.
type lineReader struct {
	file       *os.File
	read       int64 // bytes of the file so far
	r          *bufio.Reader
	decoder    *zstd.Decoder // nil unless the file needs one
	compressed bool
	limit      int // maxLine, but in tests

	offset int64     // decoded bytes so far
	sum    hash.Hash // of them, if somebody wants to know; see place

	text   []byte // the line so far
	ended  bool   // text was returned
	long   bool   // more of it was left out
	number int    // of the line that text belongs to, from 1
}

// line is a line, without its line feed. Its text is valid until the next call.
type line struct {
	text   []byte
	number int
	long   bool // only its beginning, as the line is over the limit
}

// openLines opens a file; what is in it says whether it is compressed.
func openLines(path string) (*lineReader, error) {
	f, err := openFile(path)
	if err != nil {
		return nil, err
	}
	r, err := newLineReader(f, f)
	if err != nil {
		_ = f.Close()
	}
	return r, err
}

// newLineReader reads a file, or the part of it that r has.
func newLineReader(f *os.File, r io.Reader) (*lineReader, error) {
	l := &lineReader{file: f, limit: maxLine, number: 1}
	source := bufio.NewReaderSize(counter{r, &l.read}, 64<<10)
	l.r = source
	magic, err := source.Peek(len(zstdMagic))
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	var decoded io.Reader
	switch {
	case bytes.HasPrefix(magic, gzipMagic):
		decoded, err = gzip.NewReader(source)
	case bytes.Equal(magic, zstdMagic):
		l.decoder, err = zstd.NewReader(source, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow))
		decoded = l.decoder
	default:
		return l, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.Name(), err)
	}
	l.compressed = true
	l.r = bufio.NewReaderSize(decoded, 64<<10)
	return l, nil
}

// next returns the next line that has ended. At the end of the file, for now,
// the error is io.EOF, and rest has what there is of another line.
func (l *lineReader) next() (line, error) {
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
			return line{bytes.TrimSuffix(l.text, []byte("\n")), l.number, l.long}, nil
		case errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF):
			return line{}, io.EOF
		default:
			return line{}, fmt.Errorf("%s: line %d: %w", l.file.Name(), l.number, err)
		}
	}
}

// rest returns the beginning of a line that has not ended; its text may be empty.
func (l *lineReader) rest() line {
	if l.ended {
		return line{number: l.number + 1}
	}
	return line{l.text, l.number, l.long}
}

// each calls do for each line, and for the beginning of one that has not ended.
func (l *lineReader) each(do func(line) error) error {
	for {
		next, err := l.next()
		last := errors.Is(err, io.EOF)
		if last {
			if next, err = l.rest(), nil; len(next.text) == 0 {
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
func (l *lineReader) skip(to int64) error {
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

func (l *lineReader) count(part []byte) {
	l.offset += int64(len(part))
	if l.sum != nil {
		_, _ = l.sum.Write(part) // which never fails
	}
}

func (l *lineReader) reset() {
	l.text, l.ended, l.long = l.text[:0], false, false
	if cap(l.text) > keepBuffer {
		l.text = nil
	}
}

// release gives back what the reader needed, except for the file.
func (l *lineReader) release() {
	if l.decoder != nil {
		l.decoder.Close()
	}
}

func (l *lineReader) close() {
	l.release()
	_ = l.file.Close()
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
