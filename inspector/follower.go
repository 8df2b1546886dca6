package inspector

import (
	"bytes"
	"errors"
	"io"
	"os"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/reader"
)

// follower looks for what is appended to files. However much that is, it costs little: lines are counted, and
// only the last ones are parsed.
type follower struct {
	files  map[string]*followed
	absent map[string]bool // files that were not there at the last look
	buffer []byte
}

// followed is a file, and up to where it was looked at.
type followed struct {
	file   *os.File
	info   os.FileInfo
	print  reader.Fingerprint
	offset int64 // of the next line
}

func newFollower() *follower {
	return &follower{files: make(map[string]*followed), absent: make(map[string]bool)}
}

func (f *follower) close() {
	for path := range f.files {
		f.forget(path)
	}
}

func (f *follower) forget(path string) {
	_ = f.files[path].file.Close()
	delete(f.files, path)
}

// look returns the last of the events that have come since the last look, the newest first, and how many more
// there are. The first look finds nothing. odd tells that something was done to a file, or there is
// too much, so that it is not known what came.
func (f *follower) look(v view) (events []summary, more int, odd bool) {
	for path := range f.files {
		if _, ok := v.owners[path]; !ok {
			f.forget(path)
		}
	}
	for _, path := range v.paths() {
		latest, n, isOdd := f.lookAt(v, path)
		events, more, odd = append(events, latest...), more+n, odd || isOdd
	}
	if len(events) > perMessage { // of several files
		more += len(events) - perMessage
		events = events[len(events)-perMessage:]
	}
	return events, more, odd
}

// maxLook is how much of a file is read in one look, in bytes.
const maxLook = 16 << 20

func (f *follower) lookAt(v view, path string) (events []summary, more int, odd bool) {
	of := f.files[path]
	info, err := os.Stat(path)
	switch {
	case of == nil && err != nil:
		f.absent[path] = true
		return nil, 0, false
	case of == nil && !f.absent[path]:
		return nil, 0, f.begin(path, info.Size())
	case of == nil: // it is new
		delete(f.absent, path)
		if f.begin(path, 0) || f.files[path] == nil {
			return nil, 0, true
		}
		return f.files[path].read(f, v, path)
	case err == nil && os.SameFile(info, of.info) && info.Size() < of.offset: // truncated
		f.forget(path)
		f.begin(path, info.Size())
		return nil, 0, true
	}
	events, more, odd = of.read(f, v, path)
	if err != nil || os.SameFile(info, of.info) || odd {
		return events, more, odd
	}
	// It was rotated: what follows is in another one.
	f.forget(path)
	if odd = f.begin(path, 0); odd || f.files[path] == nil {
		return events, more, true
	}
	latest, n, odd := f.files[path].read(f, v, path)
	return append(events, latest...), more + n, odd
}

// begin opens a file, of which what is behind the offset is new.
func (f *follower) begin(path string, offset int64) (odd bool) {
	file, err := os.Open(path)
	if err != nil {
		return !errors.Is(err, os.ErrNotExist)
	}
	info, err := file.Stat()
	if err != nil || !info.Mode().IsRegular() {
		_ = file.Close()
		return err != nil
	}
	f.files[path] = &followed{file: file, info: info, offset: offset}
	return false
}

// read reads what is behind the offset.
func (of *followed) read(f *follower, v view, path string) (events []summary, more int, odd bool) {
	info, err := of.file.Stat()
	if err != nil {
		return nil, 0, true
	}
	n := info.Size() - of.offset
	switch {
	case n <= 0:
		return nil, 0, n < 0
	case n > maxLook:
		of.offset = info.Size()
		return nil, 0, true
	}
	if int64(cap(f.buffer)) < n {
		f.buffer = make([]byte, n)
	}
	data := f.buffer[:n]
	if _, err := of.file.ReadAt(data, of.offset); err != nil && !errors.Is(err, io.EOF) {
		return nil, 0, true
	}
	if cap(f.buffer) > maxLook/4 {
		f.buffer = nil
	}
	end := bytes.LastIndexByte(data, '\n') + 1
	data = data[:end]
	lines := bytes.Count(data, []byte("\n"))
	begin := end
	for range min(lines, perMessage) {
		begin = bytes.LastIndexByte(data[:begin-1], '\n') + 1
	}
	more = lines - min(lines, perMessage)
	if more > 0 && !v.showsAll(path) {
		more = 0 // nobody knows whose they are
	}
	if of.print == (reader.Fingerprint{}) && end > 0 {
		if of.print, err = reader.FingerprintIn(of.file); err != nil {
			return nil, 0, true
		}
	}
	for at := begin; at < end; {
		next := at + bytes.IndexByte(data[at:], '\n') + 1
		line := data[at:next]
		_, e, err := reader.Parse(reader.Line{Text: line[:len(line)-1]})
		if err == nil && e != nil && v.showsEvent(path, e) {
			p := reader.Position{File: of.print, Rotated: reader.NeverRotated, Offset: of.offset + int64(at), Length: int64(len(line)), Hash: reader.HashOf(line)}
			events = append(events, v.summary(path, p, e))
		}
		at = next
	}
	of.offset += int64(end)
	return events, more, false
}
