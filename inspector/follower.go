package inspector

import (
	"bytes"
	"errors"
	"io"
	"os"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/reader"
)

// follower looks for what is appended to files. However much that is, it costs little: lines are counted, and
// only the last ones are parsed, where all may be seen.
type follower struct {
	files  map[string]*followed
	missed map[string]bool // files that were not there at the last look: true; or could not be read
	buffer []byte
}

// followed is a file, and up to where it was looked at.
type followed struct {
	file     *os.File
	info     os.FileInfo
	since    time.Time          // when it was opened
	modified time.Time          // at the last look
	print    reader.Fingerprint // zero until its first line has ended
	offset   int64              // of the next line
}

func newFollower() *follower {
	return &follower{files: make(map[string]*followed), missed: make(map[string]bool)}
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

// look returns the last of the events that have come since the last look, those of a file in their order, and how many
// more there are. The first look finds nothing. odd tells that something was done to a file, or there is
// too much, so that it is not known what came.
func (f *follower) look(v view) (events []summary, more int, odd bool) {
	for path := range f.files {
		if _, ok := v.files[path]; !ok {
			f.forget(path)
		}
	}
	var all [][]summary
	n := 0
	for _, path := range v.paths() {
		latest, others, isOdd := f.lookAt(v, path)
		all, n = append(all, latest), n+len(latest)
		more, odd = more+others, odd || isOdd
	}
	for ; n > perMessage; n-- { // of several files: those with the most have some to spare
		most := 0
		for i := range all {
			if len(all[i]) > len(all[most]) {
				most = i
			}
		}
		all[most] = all[most][1:]
		more++
	}
	for _, latest := range all {
		events = append(events, latest...)
	}
	return events, more, odd
}

// maxLook is how much of a file is read in one look, in bytes.
const maxLook = 16 << 20

func (f *follower) lookAt(v view, path string) (events []summary, more int, odd bool) {
	of := f.files[path]
	if of == nil {
		wasAbsent, wasMissed := f.missed[path]
		if of = f.begin(path, !wasAbsent); of == nil || !wasAbsent {
			return nil, 0, of != nil && wasMissed
		}
		return of.read(f, v, path)
	}
	info, err := os.Stat(path)
	if err == nil && os.SameFile(info, of.info) && info.Size() < of.offset { // truncated
		f.forget(path)
		f.begin(path, true)
		return nil, 0, true
	}
	events, more, odd = of.read(f, v, path)
	if err != nil || os.SameFile(info, of.info) || odd {
		return events, more, odd
	}
	// It was rotated: what follows is in another one.
	f.forget(path)
	next := f.begin(path, false)
	if next == nil { // not yet
		return events, more, false
	}
	if newest, at, err := reader.NewestRotated(path); err != nil || newest != nil && !os.SameFile(newest, of.info) && !at.Before(of.since.Truncate(time.Millisecond)) {
		return events, more, true // there may be another one between them
	}
	latest, n, odd := next.read(f, v, path)
	return append(events, latest...), more + n, odd
}

// begin opens a file, of which everything is new, or what comes from now on. It returns nil if it can't, or there is none.
func (f *follower) begin(path string, atEnd bool) *followed {
	of, err := openFollowed(path, atEnd)
	if err != nil {
		f.missed[path] = errors.Is(err, os.ErrNotExist)
		return nil
	}
	delete(f.missed, path)
	f.files[path] = of
	return of
}

func openFollowed(path string, atEnd bool) (*followed, error) {
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() { // opening a pipe would wait
		err = errors.New("not a regular file")
	}
	if err != nil {
		return nil, err
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	of := &followed{file: file, since: time.Now()}
	of.info, err = file.Stat()
	if err == nil && atEnd {
		err = of.toEnd(of.info)
	}
	if err != nil {
		_ = file.Close()
		return nil, err
	}
	return of, nil
}

// toEnd passes over all lines that have ended.
func (of *followed) toEnd(info os.FileInfo) (err error) {
	of.print, of.modified = reader.Fingerprint{}, info.ModTime()
	if of.offset, err = reader.EndOfLines(of.file, info.Size()); err == nil && of.offset > 0 {
		of.print, err = reader.FingerprintIn(of.file)
	}
	return err
}

// isAnother tells whether the file was truncated, and written again since.
func (of *followed) isAnother() bool {
	if of.print == (reader.Fingerprint{}) {
		return false
	}
	print, err := reader.FingerprintIn(of.file)
	return err != nil || print != of.print
}

// read reads what is behind the offset.
func (of *followed) read(f *follower, v view, path string) (events []summary, more int, odd bool) {
	info, err := of.file.Stat()
	if err != nil {
		return nil, 0, true
	}
	n := info.Size() - of.offset
	if n == 0 && info.ModTime().Equal(of.modified) {
		return nil, 0, false
	}
	of.modified = info.ModTime()
	switch before := of.offset; {
	case n < 0 || of.isAnother():
		_ = of.toEnd(info)
		return nil, 0, true
	case n > maxLook:
		_ = of.toEnd(info)
		return nil, 0, of.offset != before
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
	if of.print == (reader.Fingerprint{}) && end > 0 {
		if of.print, err = reader.FingerprintIn(of.file); err != nil {
			return nil, 0, true
		}
	}
	events, more = of.eventsIn(data, v, path)
	of.offset += int64(end)
	return events, more, false
}

// eventsIn returns the last events in lines, and how many more there are.
func (of *followed) eventsIn(data []byte, v view, path string) (events []summary, more int) {
	begin := 0
	if v.showsAll(path) { // else nobody knows whose lines they are
		lines := bytes.Count(data, []byte("\n"))
		more = max(0, lines-perMessage)
		begin = len(data)
		for range lines - more {
			begin = bytes.LastIndexByte(data[:begin-1], '\n') + 1
		}
	}
	type place struct {
		at    int
		line  []byte
		event *reader.Event
	}
	var places []place
	for at := begin; at < len(data); {
		next := at + bytes.IndexByte(data[at:], '\n') + 1
		line := data[at:next]
		_, e, err := reader.Parse(reader.Line{Text: line[:len(line)-1]})
		if err == nil && e != nil && v.showsEvent(path, e) {
			places = append(places, place{at, line, e})
		}
		at = next
	}
	last := places[max(0, len(places)-perMessage):]
	for _, one := range last {
		p := reader.Position{File: of.print, Rotated: reader.NeverRotated, Offset: of.offset + int64(one.at), Length: int64(len(one.line)), Hash: reader.HashOf(one.line)}
		events = append(events, v.summary(path, p, one.event))
	}
	return events, more + len(places) - len(last)
}
