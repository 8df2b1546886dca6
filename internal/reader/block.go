package reader

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
	"sync"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/files/frames"
)

// blockSize is how much of a file that is not in frames is looked at as one, in
// bytes.
const blockSize = frames.Size

// source is a file that is being searched.
type source struct {
	*File
	file     *os.File
	isFramed bool
	read     int64  // bytes, where it is read from the beginning to the end
	isDone   bool   // nothing more is wanted of it; the stream's
	close    func() // may be called again
}

func openSource(f *File) (*source, error) {
	if f.live != nil {
		return &source{File: f, file: f.live, close: func() {}}, nil // it is its journal's
	}
	file, err := OpenFile(f.Path)
	if err != nil {
		return nil, err
	}
	return &source{File: f, file: file, close: sync.OnceFunc(func() { _ = file.Close() })}, nil
}

// index returns where the file's blocks are, or nil if it has to be read from the
// beginning to the end.
func (s *source) index() ([]frames.Frame, error) {
	info, err := s.file.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return nil, err
	}
	size := info.Size()
	var magic [4]byte
	n, err := s.file.ReadAt(magic[:], 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if frames.IsCompressed(magic[:n]) {
		index := frames.Index(s.file, size)
		s.isFramed = index != nil
		return index, nil
	}
	blocks := make([]frames.Frame, 0, size/blockSize+1)
	for offset := int64(0); offset == 0 || offset < size; offset += blockSize {
		blocks = append(blocks, frames.Frame{Offset: offset, Size: min(blockSize, size-offset)})
	}
	return blocks, nil
}

// reader reads a file from the beginning to the end, decompressed.
func (s *source) reader() (io.ReadCloser, error) {
	var r io.Reader = s.file
	if info, err := s.file.Stat(); err != nil {
		return nil, err
	} else if info.Mode().IsRegular() {
		r = io.NewSectionReader(s.file, 0, info.Size())
	}
	buffered := bufio.NewReaderSize(counter{r, &s.read}, 64<<10)
	decompressed, err := frames.NewReader(buffered)
	if err == nil && decompressed == nil {
		return io.NopCloser(buffered), nil
	}
	return decompressed, err
}

// block is a part of a file. A worker loads and sifts it.
type block struct {
	*source
	where       frames.Frame // Size alone, where it is not compressed, or read from the beginning to the end
	first, last bool         // of its file
	isLoaded    bool         // there is nothing more to load
	data        []byte
	err         error
	done        chan struct{} // closed when it is sifted

	head  []byte // up to, and with, the first line feed, where a line may go on that began before
	tail  []byte // what is after the last one
	whole bool   // there is no line feed
	found []Found
	lines int       // that ended in the part between head and tail
	mark  time.Time // of the last line there
}

// load reads a block, and decompresses it; what is compressed takes memory that is
// used again.
func (b *block) load(d *frames.Decoder, compressed []byte) []byte {
	if b.isLoaded {
		return compressed
	}
	size := int(b.where.Size)
	into := &compressed
	if !b.isFramed {
		into = &b.data
	}
	if cap(*into) < size {
		*into = make([]byte, size)
	}
	*into = (*into)[:size]
	n, err := b.file.ReadAt(*into, b.where.Offset)
	*into = (*into)[:n] // a file that was cut meanwhile ends there
	if err != nil && !errors.Is(err, io.EOF) {
		b.err = err
		return compressed
	}
	if b.isFramed {
		b.data, b.err = d.Decode(b.data, compressed, b.where)
	}
	return compressed
}

// sift finds what may be wanted of the lines that are whole in the block, and
// tells what is around them.
func (b *block) sift(s *sieve, q *Query, marks bool) {
	middle := b.data
	if b.err != nil && !b.isLoaded {
		return
	}
	if !b.first {
		i := bytes.IndexByte(middle, '\n')
		if i < 0 {
			b.whole = true
			return
		}
		b.head, middle = middle[:i+1], middle[i+1:]
	}
	end := bytes.LastIndexByte(middle, '\n') + 1
	middle, b.tail = middle[:end], middle[end:]
	b.lines = bytes.Count(middle, []byte("\n"))
	s.each(middle, func(text []byte, before int) {
		if f, ok := judge(Line{Text: text, Number: before}, q); ok {
			b.found = append(b.found, f)
		}
	})
	if marks && len(middle) > 0 {
		last := middle[bytes.LastIndexByte(middle[:len(middle)-1], '\n')+1 : len(middle)-1]
		var ok bool
		if b.mark, ok = quickTime(last); !ok {
			if _, e, _ := Parse(Line{Text: last}); e != nil {
				b.mark = e.Time
			}
		}
	}
}

// judge parses a line, and tells whether it is wanted, or can't be told.
func judge(l Line, q *Query) (Found, bool) {
	kind, e, err := Parse(l)
	f := Found{Number: l.Number, Kind: kind, Event: e, Problem: err}
	return f, kind == Torn || kind == Invalid || e != nil && q.Wants(e)
}
