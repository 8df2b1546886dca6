package reader

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/files"
)

// ErrGone is the error for a position of which neither the file nor the line is there any
// more.
var ErrGone = errors.New("the line is not in any file any more")

// Seek goes on after the position. If its file does not have the line, that is looked for in all
// files beside; the error is ErrGone if none has it. Then Next goes on with the oldest file that
// may have what came after it. A position that is zero is the beginning of the oldest file.
func (t *Track) Seek(p Position) error {
	t.leave()
	t.last, t.floor, t.queue = p, time.Time{}, nil
	if p == (Position{}) {
		return nil
	}
	for range 100 { // files may be renamed meanwhile
		now, err := t.list()
		if err != nil {
			return err
		}
		err = t.seek(now, p)
		if errors.Is(err, errMoved) {
			continue
		}
		if !errors.Is(err, ErrGone) {
			return err
		}
		if later, err := t.list(); err != nil {
			return err
		} else if later != now && !later.equal(now) {
			continue
		}
		t.last = Position{}
		if before := p.Rotated.Add(-time.Millisecond); !p.Rotated.IsZero() && p.Rotated.Before(time.Now()) {
			t.last, t.floor = Position{Rotated: before}, before
		}
		return err
	}
	return fmt.Errorf("%s: the files change all the time", t.path)
}

func (l *listing) equal(other *listing) bool {
	return sameFile(l.live, other.live) && len(l.rotated) == len(other.rotated) && l.newest().Equal(other.newest())
}

func (t *Track) seek(now *listing, p Position) error {
	past := p.Rotated.Before(time.Now()) // else its name may have been set right since
	enter := func(r files.Rotated) (bool, error) {
		if p.Length == 0 && r.At != NeverRotated { // all of it was read
			t.floor = r.At
			return true, nil
		}
		f, err := t.openAfter(r, p)
		if err != nil || f == nil {
			return false, err
		}
		return true, t.goOn(now, f, r, p)
	}
	if p.File != (Fingerprint{}) {
		if err := t.among(now, p, enter); !errors.Is(err, ErrGone) {
			return err
		}
	}
	if p.Length == 0 && past {
		t.floor = p.Rotated
		return nil
	}
	if p.Length == 0 {
		return fmt.Errorf("%s: %w", t.path, ErrGone)
	}
	for _, r := range append(t.all(now), t.foreign()...) {
		offset, err := t.findLine(r, p)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if offset >= 0 {
			found := p
			found.Offset = offset
			if f, err := t.openAfter(r, found); f != nil || err != nil {
				if err == nil {
					err = t.goOn(now, f, r, found)
				}
				return err
			}
		}
	}
	return fmt.Errorf("%s: %w", t.path, ErrGone)
}

// all returns all files of a journal.
func (t *Track) all(now *listing) []files.Rotated {
	all := now.rotated[:len(now.rotated):len(now.rotated)]
	if now.live != nil {
		all = append(all, t.liveFile())
	}
	return all
}

// errMoved is the error for files that were renamed meanwhile.
var errMoved = errors.New("renamed meanwhile")

// goOn has a file read on that was found.
func (t *Track) goOn(now *listing, f *tracked, r files.Rotated, p Position) error {
	isLive := r.At == NeverRotated && r.Forms[0] == t.path
	if isLive && !sameFile(f.info, now.live) {
		f.close()
		return errMoved
	}
	print, err := t.printOfFile(r)
	if isLive && err == nil { // or it is that of another file
		var still bool
		if still, err = t.isLive(f.info); err == nil && !still {
			err = errMoved
		}
	}
	if errors.Is(err, fs.ErrNotExist) {
		err = errMoved
	}
	if err != nil {
		f.close()
		return err
	}
	floor := r.At
	if isLive {
		floor = now.newest()
	} else if r.At == NeverRotated {
		floor, err = t.floorAfter(now, r, p)
	}
	if errors.Is(err, fs.ErrNotExist) {
		err = errMoved
	}
	if err != nil {
		f.close()
		return err
	}
	f.print, p.File, p.Rotated = print, print, r.At
	f.tail, t.last, t.current, t.floor = p, p, f, floor
	return nil
}

// floorAfter returns up to when what was rotated is older than the line, which is in a file that
// is not the journal's by its name.
func (t *Track) floorAfter(now *listing, r files.Rotated, p Position) (time.Time, error) {
	f, err := t.openTracked(r)
	if err != nil {
		return time.Time{}, err
	}
	defer f.close()
	line, err := f.at(p)
	if err != nil {
		return time.Time{}, err
	}
	at := timeOf(line)
	for i := len(now.rotated) - 1; i >= 0; i-- {
		first, err := t.firstLine(now.rotated[i])
		if errors.Is(err, fs.ErrNotExist) || isDamage(err) {
			continue
		}
		if err != nil {
			return time.Time{}, err
		}
		if begin := timeOf(first); !begin.IsZero() && begin.Before(at) {
			return now.rotated[i].At, nil
		}
	}
	return time.Time{}, nil
}

func timeOf(line []byte) time.Time {
	if _, e, err := Parse(Line{Text: bytes.TrimSuffix(line, []byte("\n"))}); err == nil && e != nil {
		return e.Time
	}
	return time.Time{}
}

func (t *Track) firstLine(r files.Rotated) ([]byte, error) {
	f, err := t.openTracked(r)
	if err != nil {
		return nil, err
	}
	defer f.close()
	f.limit = f.info.Size()
	line, err := f.next()
	if errors.Is(err, io.EOF) {
		return nil, nil
	}
	return bytes.Clone(line), err
}

// openAfter opens a file behind the position's line. It returns nothing if that is not there.
func (t *Track) openAfter(r files.Rotated, p Position) (*tracked, error) {
	f, err := t.openTracked(r)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	ok, err := f.enterAfter(p)
	if !ok || err != nil {
		f.close()
		return nil, err
	}
	return f, nil
}

// among calls try for the files that begin as the position's does, the likely ones first,
// until one is it. The error is ErrGone if none is.
func (t *Track) among(now *listing, p Position, try func(files.Rotated) (bool, error)) error {
	var failed error
	check := func(r files.Rotated) (bool, error) {
		print, err := t.printOfFile(r)
		if err != nil {
			if !errors.Is(err, fs.ErrNotExist) && !isDamage(err) {
				failed = err
			}
			return false, nil
		}
		if print != p.File {
			return false, nil
		}
		ok, err := try(r)
		if ok && r.At != NeverRotated {
			t.times[p.File] = r.At
		}
		return ok, err
	}
	likely := []time.Time{p.Rotated, t.times[p.File]}
	for _, at := range likely {
		if i, found := now.find(at); found {
			if ok, err := check(now.rotated[i]); ok || err != nil {
				return err
			}
		}
	}
	all := t.all(now)
	for i := len(all) - 1; i >= 0; i-- {
		if at := all[i].At; at.Equal(likely[0]) && at != NeverRotated || at.Equal(likely[1]) {
			continue
		}
		if ok, err := check(all[i]); ok || err != nil {
			return err
		}
	}
	for _, r := range t.foreign() {
		if ok, err := check(r); ok || err != nil {
			return err
		}
	}
	if failed != nil {
		return failed
	}
	return fmt.Errorf("%s: %w", t.path, ErrGone)
}

// printOfFile returns a file's fingerprint. Those of rotated files are remembered.
func (t *Track) printOfFile(r files.Rotated) (Fingerprint, error) {
	if print, ok := t.prints[r.At]; ok && r.At != NeverRotated {
		return print, nil
	}
	f, err := t.openTracked(r)
	if err != nil {
		return Fingerprint{}, err
	}
	defer f.close()
	begin := make([]byte, 0, printBytes)
	if !f.compressed {
		n, readErr := f.file.ReadAt(begin[:printBytes], 0)
		begin, err = begin[:n], readErr
	}
	for f.compressed && len(begin) < printBytes && bytes.IndexByte(begin, '\n') < 0 && err == nil {
		err = f.fill()
		begin = f.buffer
	}
	if err != nil && !errors.Is(err, io.EOF) && !isDamage(err) {
		return Fingerprint{}, err
	}
	print := printOf(begin)
	if isDamage(err) {
		print = f.storedPrint()
	}
	if r.At != NeverRotated {
		t.prints[r.At] = print
	}
	return print, nil
}

// findLine returns the offset of a line in a file, or -1.
func (t *Track) findLine(r files.Rotated, p Position) (int64, error) {
	f, err := t.openTracked(r)
	if err != nil {
		return -1, err
	}
	defer f.close()
	f.limit = f.info.Size()
	for {
		line, err := f.next()
		switch {
		case isDamage(err):
			f.pass()
		case errors.Is(err, io.EOF):
			return -1, nil
		case err != nil:
			return -1, err
		case int64(len(line)) == p.Length && HashOf(line) == p.Hash:
			return f.offset, nil
		default:
			f.offset += int64(len(line))
		}
	}
}
