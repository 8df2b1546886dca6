package reader

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/files/frames"
)

// ErrGone is the error for a position of which neither the file nor the line is there any
// more.
var ErrGone = errors.New("the line is not in any file any more")

// Seek goes on after the line at the position. If its file does not have it, it is looked
// for in all files beside; the error is ErrGone if none has it. Of a position that is zero
// nothing was read: it is the beginning of the oldest file.
func (t *Track) Seek(p Position) error {
	t.Close()
	t.last = p
	if p.File == (Fingerprint{}) {
		return nil
	}
	names, err := t.names()
	if err != nil {
		return err
	}
	if i := t.findPrint(names, p.File, p.Rotated); i >= 0 {
		if ok, err := t.enterAfter(names[i], p); ok || err != nil {
			return err
		}
	}
	for _, name := range slices.Concat(names, t.foreign(names)) {
		offset, err := findLine(name, p)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if offset >= 0 {
			p.Offset = offset
			if ok, err := t.enterAfter(name, p); ok || err != nil {
				return err
			}
		}
	}
	return fmt.Errorf("%s: %w", t.path, ErrGone)
}

// enterAfter opens a file behind the position's line, if that is there.
func (t *Track) enterAfter(name string, p Position) (bool, error) {
	f, err := openTracked(name)
	if err != nil {
		return false, err
	}
	line, err := f.at(p)
	if err == nil && HashOf(line) == p.Hash {
		err = f.enter(p.End())
	} else if err == nil || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		f.close()
		return false, nil
	}
	if err != nil && !errors.Is(err, io.EOF) {
		f.close()
		return false, err
	}
	if f.print, err = t.printOfFile(name); err != nil {
		f.close()
		return false, err
	}
	t.current = f
	return true, nil
}

// at reads the line at a position.
func (f *tracked) at(p Position) ([]byte, error) {
	line := make([]byte, p.Length)
	if !f.compressed {
		_, err := f.file.ReadAt(line, p.Offset)
		return line, err
	}
	if err := f.enter(p.Offset); err != nil {
		return nil, err
	}
	_, err := io.ReadFull(f.decoder, line)
	return line, err
}

// foreign returns other regular files beside the journal's that may have been its: their
// names begin like it.
func (t *Track) foreign(own []string) (names []string) {
	dir, base := filepath.Split(t.path)
	stem := strings.TrimSuffix(base, filepath.Ext(base))
	entries, _ := os.ReadDir(dir)
	for _, entry := range entries {
		name := filepath.Join(dir, entry.Name())
		if strings.HasPrefix(entry.Name(), stem) && entry.Type().IsRegular() && !slices.Contains(own, name) && !isDead(name) {
			names = append(names, name)
		}
	}
	return names
}

// findLine returns the offset of a line in a file, or -1.
func findLine(name string, p Position) (int64, error) {
	lines, err := Open(name)
	if err != nil {
		return -1, err
	}
	defer lines.Close()
	for {
		before := lines.Offset()
		line, err := lines.Next()
		if err != nil {
			return -1, nil // what can't be read to its end has it not, as far as is known
		}
		if int64(len(line.Text))+1 == p.Length && HashOf(append(line.Text, '\n')) == p.Hash {
			return before, nil
		}
	}
}

// again reads lines a second time. The last file, and of one in frames the last frame, are
// kept.
type again struct {
	file  *tracked
	index []frames.Frame
	d     *frames.Decoder
	frame int // that plain is of
	plain []byte
}

// At returns the line at a position, with its line feed. The text is valid until the next
// call. The error is ErrGone if it is not there any more.
func (t *Track) At(p Position) ([]byte, error) {
	a := &t.again
	if a.file == nil || a.file.print != p.File {
		if err := t.openAgain(p); err != nil {
			return nil, err
		}
	}
	line, err := a.line(p)
	if err == nil && HashOf(line) != p.Hash || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		a.close()
		return nil, fmt.Errorf("%s: %w", t.path, ErrGone)
	}
	return line, err
}

func (t *Track) openAgain(p Position) error {
	t.again.close()
	names, err := t.names()
	if err != nil {
		return err
	}
	names = append(names, t.foreign(names)...)
	i := t.findPrint(names, p.File, p.Rotated)
	if i < 0 {
		return fmt.Errorf("%s: %w", t.path, ErrGone)
	}
	f, err := openTracked(names[i])
	if err != nil {
		return err
	}
	f.print = p.File
	t.again = again{file: f, frame: -1}
	if f.compressed {
		t.again.index = frames.Index(f.file, f.info.Size())
	}
	if t.again.index != nil {
		t.again.d, err = frames.NewDecoder(1)
	}
	return err
}

func (a *again) line(p Position) ([]byte, error) {
	if a.index == nil {
		return a.file.at(p)
	}
	// A frame ends with a line, unless a line is longer than a frame.
	var line []byte
	begin := int64(0)
	for i, frame := range a.index {
		end := begin + frame.Plain
		if end > p.Offset {
			if err := a.load(i, frame); err != nil {
				return nil, err
			}
			from := max(p.Offset-begin, 0)
			to := min(p.End()-begin, frame.Plain)
			if p.End() <= end && line == nil {
				return a.plain[from:to], nil
			}
			if line = append(line, a.plain[from:to]...); p.End() <= end {
				return line, nil
			}
		}
		begin = end
	}
	return nil, io.EOF
}

func (a *again) load(i int, frame frames.Frame) error {
	if a.frame == i {
		return nil
	}
	a.frame = -1
	compressed := make([]byte, frame.Size)
	if _, err := a.file.file.ReadAt(compressed, frame.Offset); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	var err error
	if a.plain, err = a.d.Decode(a.plain, compressed, frame); err != nil {
		return err
	}
	a.frame = i
	return nil
}

func (a *again) close() {
	if a.file != nil {
		a.file.close()
	}
	if a.d != nil {
		a.d.Close()
	}
	*a = again{}
}

// Backlog returns how many bytes, as they are stored, have not been read.
func (t *Track) Backlog() (bytes int64) {
	names, err := t.names()
	if err != nil {
		return 0
	}
	next := 0
	if f := t.current; f != nil {
		next = t.after(names)
		if info, err := f.file.Stat(); err == nil && f.compressed {
			bytes += info.Size() / 2 // nobody knows how much of it is left
		} else if err == nil {
			bytes += info.Size() - f.offset
		}
	}
	for _, name := range names[next:] {
		if info, err := os.Stat(name); err == nil {
			bytes += info.Size()
		}
	}
	return bytes
}

// LastLine returns where the last line is that a journal has stored; it is zero where there
// is none.
func LastLine(path string) (Position, error) {
	t := NewTrack(path, nil)
	defer t.Close()
	for range 100 { // files may be renamed and removed meanwhile
		names, err := t.names()
		if err != nil {
			return Position{}, err
		}
		p := Position{}
		for i := len(names) - 1; i >= 0 && err == nil && p.File == (Fingerprint{}); i-- {
			p, err = lastLineOf(names[i])
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return p, err
		}
	}
	return Position{}, fmt.Errorf("%s: the files change all the time", path)
}

// lastLineOf returns where the last line of a file is that has ended.
func lastLineOf(name string) (Position, error) {
	f, err := openTracked(name)
	if err != nil {
		return Position{}, err
	}
	defer f.close()
	p := Position{Rotated: f.rotated}
	if f.compressed {
		f.limit = f.info.Size()
		for {
			line, err := f.next()
			if errors.Is(err, io.EOF) {
				return p, nil
			}
			if err != nil {
				return Position{}, err
			}
			p.File, p.Offset, p.Length, p.Hash = f.print, f.offset, int64(len(line)), HashOf(line)
			f.offset += int64(len(line))
		}
	}
	end, err := lastFeed(f.file, f.info.Size())
	if err != nil || end == 0 {
		return Position{}, err
	}
	begin, err := lastFeed(f.file, end-1)
	if err != nil {
		return Position{}, err
	}
	p.Offset, p.Length = begin, end-begin
	line := make([]byte, p.Length)
	if _, err := f.file.ReadAt(line, begin); err != nil {
		return Position{}, err
	}
	p.Hash = HashOf(line)
	first := make([]byte, min(end, printBytes))
	if _, err := f.file.ReadAt(first, 0); err != nil {
		return Position{}, err
	}
	p.File = printOf(first)
	return p, nil
}

// lastFeed returns the offset behind the last line feed before an offset; 0 if there is none.
func lastFeed(f *os.File, before int64) (int64, error) {
	b := make([]byte, 64<<10)
	for before > 0 {
		n := min(int64(len(b)), before)
		if _, err := f.ReadAt(b[:n], before-n); err != nil {
			return 0, err
		}
		if i := bytes.LastIndexByte(b[:n], '\n'); i >= 0 {
			return before - n + int64(i) + 1, nil
		}
		before -= n
	}
	return 0, nil
}
