package reader

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/files/frames"
)

// names returns the names of the journal's files, in the order in which they were
// written: as the times in their names say, which never go back.
func (t *Track) names() ([]string, error) {
	live, names, err := openLive(t.path, t.path)
	if live != nil {
		_ = live.Close()
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	slices.SortStableFunc(names, func(a, b string) int { return nameTime(a).Compare(nameTime(b)) })
	if live != nil {
		names = append(names, t.path)
	}
	return names, nil
}

func nameTime(name string) time.Time {
	_, at := JournalOf(name)
	return at
}

// advance opens the file after the current one, or the oldest. The error is io.EOF if there
// is none yet.
func (t *Track) advance() error {
	for range 100 { // files may be renamed and removed meanwhile
		names, err := t.names()
		if err != nil {
			return err
		}
		next := 0
		if t.current != nil {
			next = t.after(names)
		}
		if next == len(names) {
			return io.EOF
		}
		f, err := openTracked(names[next])
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		if t.current != nil {
			if os.SameFile(f.info, t.current.info) { // it was renamed just now
				f.close()
				continue
			}
			t.current.close()
		}
		t.current = f
		return nil
	}
	return fmt.Errorf("%s: the files change all the time", t.path)
}

// after returns the index of the file after the current one.
func (t *Track) after(names []string) int {
	f := t.current
	if i := t.find(names, f); i >= 0 {
		return i + 1
	}
	// It has gone, or become unreadable.
	return slices.IndexFunc(append(names, ""), func(name string) bool {
		return name == "" || nameTime(name).After(f.rotated) && f.rotated != NeverRotated || f.rotated == NeverRotated && nameTime(name).After(f.seenLive)
	})
}

// find returns the index of a file, however it is called and compressed by now, or -1.
func (t *Track) find(names []string, f *tracked) int {
	for i := len(names) - 1; i >= 0; i-- {
		if info, err := os.Stat(names[i]); err == nil && os.SameFile(info, f.info) {
			return i
		}
	}
	if f.print == (Fingerprint{}) {
		return -1
	}
	return t.findPrint(names, f.print, f.rotated)
}

// findPrint returns the index of the file with that fingerprint, or -1; it is looked for
// first under the name that it was rotated to at that time.
func (t *Track) findPrint(names []string, print Fingerprint, hint time.Time) int {
	try := func(i int) bool {
		other, err := t.printOfFile(names[i])
		return err == nil && other == print
	}
	for i, name := range names {
		if nameTime(name).Equal(hint) && try(i) {
			return i
		}
	}
	for i := len(names) - 1; i >= 0; i-- {
		if !nameTime(names[i]).Equal(hint) && try(i) {
			return i
		}
	}
	return -1
}

// learnName finds out to which name the file that is no more the live one was rotated.
func (t *Track) learnName() {
	if names, err := t.names(); err == nil {
		if i := t.find(names, t.current); i >= 0 {
			t.current.rotated = nameTime(names[i])
		}
	}
}

// printOfFile returns a file's fingerprint. Those of rotated files are remembered.
func (t *Track) printOfFile(name string) (Fingerprint, error) {
	at := nameTime(name)
	if print, ok := t.prints[at]; ok && at != NeverRotated {
		return print, nil
	}
	f, err := openTracked(name)
	if err != nil {
		return Fingerprint{}, err
	}
	defer f.close()
	begin := make([]byte, printBytes)
	var n int
	if f.compressed {
		n, err = io.ReadFull(f.decoder, begin)
	} else {
		n, err = f.file.ReadAt(begin, 0)
	}
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return Fingerprint{}, err
	}
	print := printOf(begin[:n])
	if at != NeverRotated && n > 0 {
		t.prints[at] = print
	}
	return print, nil
}

// openTracked opens a file to be read from its beginning.
func openTracked(name string) (*tracked, error) {
	file, err := OpenFile(name)
	if err != nil {
		return nil, err
	}
	f := &tracked{file: file, rotated: nameTime(name), seenLive: time.Now()}
	if err := f.inspect(); err != nil {
		_ = file.Close()
		return nil, err
	}
	return f, nil
}

func (f *tracked) inspect() (err error) {
	if f.info, err = f.file.Stat(); err != nil {
		return err
	}
	if !f.info.Mode().IsRegular() {
		return fmt.Errorf("%s: not a regular file", f.file.Name())
	}
	return f.decodeFrom(0)
}

// decodeFrom begins to decompress, if that has to be, at that offset of the file, where a frame
// begins.
func (f *tracked) decodeFrom(offset int64) (err error) {
	if f.decoder != nil {
		_ = f.decoder.Close()
	}
	f.decoder, err = frames.NewReader(bufio.NewReaderSize(io.NewSectionReader(f.file, offset, f.info.Size()-offset), 64<<10))
	f.compressed = f.decoder != nil
	return err
}

// enter has the file read from that decompressed offset on.
func (f *tracked) enter(offset int64) error {
	f.buffer, f.offset, f.read = nil, offset, offset
	if !f.compressed {
		return nil
	}
	at, plain := int64(0), int64(0) // where the frame that has it begins
	for _, frame := range frames.Index(f.file, f.info.Size()) {
		if plain+frame.Plain > offset {
			break
		}
		at, plain = frame.Offset+frame.Size, plain+frame.Plain
	}
	if at >= f.info.Size() {
		return io.EOF
	}
	if err := f.decodeFrom(at); err != nil {
		return err
	}
	_, err := io.CopyN(io.Discard, f.decoder, offset-plain)
	return err
}
