package reader

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/files"
)

// LastLine returns where the last line is that a journal has stored; it is zero where there
// is none.
func LastLine(path string) (Position, error) {
	t := NewTrack(path, nil)
	defer t.Close()
	for range 100 { // files may be renamed and removed meanwhile
		now, err := t.list()
		if err != nil {
			return Position{}, err
		}
		all := t.all(now)
		p := Position{}
		for i := len(all) - 1; i >= 0 && err == nil && p.File == (Fingerprint{}); i-- {
			if p, err = t.lastLineOf(all[i]); errors.Is(err, fs.ErrNotExist) && isPlaceholder(all[i]) {
				err = nil
			}
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return p, err
		}
	}
	return Position{}, fmt.Errorf("%s: the files change all the time", path)
}

// lastLineOf returns where the last line of a file is that has ended.
func (t *Track) lastLineOf(r files.Rotated) (Position, error) {
	f, err := t.openTracked(r)
	if err != nil {
		return Position{}, err
	}
	defer f.close()
	p := Position{Rotated: f.rotated}
	for compressed := f.compressed; compressed; {
		line, err := f.next()
		switch {
		case isDamage(err):
			f.pass()
		case errors.Is(err, io.EOF):
			return p, nil
		case err != nil:
			return Position{}, err
		default:
			p.File, p.Offset, p.Length, p.Hash = f.print, f.offset, int64(len(line)), HashOf(line)
			f.offset = p.End()
		}
	}
	end, err := EndOfLines(f.file, f.info.Size())
	if err != nil || end == 0 {
		return p, err
	}
	begin, err := EndOfLines(f.file, end-1)
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

// EndOfLines returns the offset behind the last line feed before an offset, up to which lines have ended; 0 if there
// is none.
func EndOfLines(f *os.File, before int64) (int64, error) {
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
