package reader

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/files"
)

// listing is what files of a journal there were at a time.
type listing struct {
	rotated []files.Rotated // the oldest first
	live    fs.FileInfo     // nil: there was none

	beside   string    // what they were rotated of
	modified time.Time // when the directory was
	settled  bool      // long enough before that it tells whether it was again
}

// settling is how long after a change of a directory another one may leave its time as it is.
const settling = 2 * time.Second

// list returns what files there are. The times in the names of rotated ones tell in which order they were
// written, as names always go on. While nothing changes in the directory, it is not
// read again: there may be very many.
func (t *Track) list() (*listing, error) {
	for range 100 { // the live one may be renamed meanwhile
		if now, err := t.listOnce(); !errors.Is(err, fs.ErrNotExist) {
			return now, err
		}
	}
	return nil, fmt.Errorf("%s: the files change all the time", t.path)
}

// listOnce is list. The error is fs.ErrNotExist if something was there, and is not any more.
func (t *Track) listOnce() (*listing, error) {
	beside := t.path
	if info, err := os.Lstat(t.path); err == nil && info.Mode()&fs.ModeSymlink != 0 {
		beside = Absolute(t.path)
	}
	now := &listing{beside: beside}
	began := time.Now()
	directory, err := os.Stat(filepath.Dir(beside))
	if errors.Is(err, fs.ErrNotExist) {
		t.listing = now
		return now, nil
	}
	if err != nil {
		return nil, err
	}
	now.modified = directory.ModTime()
	now.settled = began.Sub(now.modified) > settling
	live, err := os.Stat(t.path)
	switch {
	case err == nil && !live.Mode().IsRegular():
		return nil, fmt.Errorf("%s: not a regular file", t.path)
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	if l := t.listing; l != nil && l.settled && l.beside == beside && l.modified.Equal(now.modified) && sameFile(l.live, live) {
		return l, nil
	}
	if live == nil {
		now.rotated, err = rotatedWithout(files.OS{}, beside)
	} else {
		now.rotated, now.live, err = listWith(t.path, beside)
	}
	if err != nil {
		return nil, err
	}
	t.listing = now
	t.forget()
	return now, nil
}

// forget forgets what is known of files that are not listed any more.
func (t *Track) forget() {
	for at := range t.prints {
		if _, found := t.listing.find(at); !found {
			delete(t.prints, at)
		}
	}
	if len(t.sizes) > 2*len(t.listing.rotated)+100 {
		clear(t.sizes)
	}
}

func listWith(path, beside string) ([]files.Rotated, fs.FileInfo, error) {
	live, rotated, err := OpenLive(path, beside)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = live.Close() }()
	info, err := live.Stat()
	return rotated, info, err
}

func sameFile(a, b fs.FileInfo) bool {
	return a == nil && b == nil || a != nil && b != nil && os.SameFile(a, b)
}

// isLive tells whether a file is the live one.
func (t *Track) isLive(info fs.FileInfo) (bool, error) {
	live, err := os.Stat(t.path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil && os.SameFile(live, info), err
}

// after returns the rotated files after a time.
func (l *listing) after(at time.Time) []files.Rotated {
	i, found := l.find(at)
	if found {
		i++
	}
	return l.rotated[i:]
}

func (l *listing) find(at time.Time) (int, bool) {
	return slices.BinarySearchFunc(l.rotated, at, func(r files.Rotated, at time.Time) int { return r.At.Compare(at) })
}

// newest returns the time in the newest rotated file's name.
func (l *listing) newest() time.Time {
	if len(l.rotated) == 0 {
		return time.Time{}
	}
	return l.rotated[len(l.rotated)-1].At
}

// advance goes on to the file after the current one, or after the floor. The error is io.EOF
// if there is none yet.
func (t *Track) advance() error {
	for range 1000 { // files may be renamed and removed meanwhile
		var now *listing
		if len(t.queue) == 0 {
			var err error
			if now, err = t.list(); err != nil {
				return err
			}
			if err := t.setFloor(now); err != nil {
				return err
			}
			t.queue = now.after(t.floor)
		}
		again := false
		for len(t.queue) > 0 && !again {
			r := t.queue[0]
			f, err := t.openTracked(r)
			switch {
			case errors.Is(err, fs.ErrNotExist) && isPlaceholder(r):
				t.queue = t.queue[1:]
			case errors.Is(err, fs.ErrNotExist) && (now != nil || r.At.After(time.Now())): // or the clock was set back, and its name set right
				t.queue, again = nil, true
			case errors.Is(err, fs.ErrNotExist):
				t.Lost(Hole{File: r.Forms[0], Events: 1, Err: ErrRemoved})
				t.floor, t.queue = r.At, t.queue[1:]
			case err != nil:
				return err
			default:
				t.floor, t.queue = r.At, t.queue[1:]
				if turned, err := t.turnTo(f); turned || err != nil {
					return err
				}
			}
		}
		if now == nil || again {
			t.queue = nil
			continue
		}
		if now.live == nil || t.current != nil && os.SameFile(now.live, t.current.info) {
			return io.EOF
		}
		f, err := t.openTracked(t.liveFile())
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		if !os.SameFile(f.info, now.live) { // there may be more before it
			f.close()
			continue
		}
		if _, err := t.turnTo(f); err != nil {
			return err
		}
		return nil
	}
	return fmt.Errorf("%s: the files change all the time", t.path)
}

// isPlaceholder tells whether there is something under that name that is no file with lines: it keeps
// the name for the one to come.
func isPlaceholder(r files.Rotated) bool {
	return slices.ContainsFunc(r.Forms, func(name string) bool {
		info, err := os.Stat(name)
		if err != nil {
			info, err = os.Lstat(name)
		}
		return err == nil && (!info.Mode().IsRegular() || info.Size() == 0)
	})
}

// turnTo has a file read that comes after the current one. It does not if it is the same under
// its new name, of which all was read.
func (t *Track) turnTo(f *tracked) (turned bool, err error) {
	old := t.current
	if old != nil && old.rotated == NeverRotated {
		if os.SameFile(f.info, old.info) {
			old.rotated = f.rotated
			f.close()
			return false, nil
		}
		if t.last.File != (Fingerprint{}) && t.last.File == old.print {
			// It may be the same, compressed; or begin with the same, as others took away the
			// old one while a batch was on its way into it, which was then written again.
			ok, err := f.enterAfter(t.last)
			if err == nil && !ok {
				t.last = Position{Rotated: t.before(f)}
				err = f.restart()
			}
			if err != nil {
				f.close()
				return false, err
			}
		}
	}
	t.leave()
	t.current = f
	return true, nil
}

// before returns up to when all was read that was rotated before a file.
func (t *Track) before(f *tracked) time.Time {
	if f.rotated == NeverRotated || t.listing == nil {
		return t.floor
	}
	i, _ := t.listing.find(f.rotated)
	if i == 0 {
		return time.Time{}
	}
	return t.listing.rotated[i-1].At
}

// learnName finds out to which name the current file, which is not the live one any more, was
// rotated.
func (t *Track) learnName() error {
	now, err := t.list()
	if err != nil {
		return err
	}
	for _, r := range now.after(t.floor) {
		for _, name := range r.Forms {
			if info, err := os.Stat(name); err == nil && os.SameFile(info, t.current.info) {
				t.current.rotated, t.floor = r.At, r.At
				if t.current.print != (Fingerprint{}) {
					t.prints[r.At] = t.current.print
				}
				return nil
			}
		}
	}
	return nil
}

// setFloor sets the floor right where the name that it is of was: the clock was ahead.
func (t *Track) setFloor(now *listing) error {
	if _, found := now.find(t.floor); found || !t.floor.After(time.Now()) {
		return nil
	}
	p := t.last
	if t.current != nil && t.current.print != (Fingerprint{}) {
		p.File = t.current.print
	}
	t.floor = time.Time{}
	err := t.among(now, p, func(r files.Rotated) (bool, error) {
		if t.floor = r.At; r.At == NeverRotated {
			t.floor = now.newest()
		}
		if t.current != nil && t.current.rotated != NeverRotated {
			t.current.rotated = r.At
		}
		return true, nil
	})
	if errors.Is(err, ErrGone) {
		t.Lost(Hole{File: t.path, Events: 1, Err: err})
		return nil
	}
	return err
}

// foreign returns other regular files beside the journal's that may have been its: their
// names begin like it.
func (t *Track) foreign() (list []files.Rotated) {
	dir, base := filepath.Split(t.path)
	stem := strings.TrimSuffix(base, filepath.Ext(base))
	entries, _ := os.ReadDir(dir)
	for _, entry := range entries {
		name := filepath.Join(dir, entry.Name())
		if n, ok := files.Parse(name); ok && n.Path == t.path || name == t.path {
			continue
		}
		if strings.HasPrefix(entry.Name(), stem) && entry.Type().IsRegular() && !IsOfDelivery(name) {
			list = append(list, files.Rotated{At: NeverRotated, Forms: []string{name}})
		}
	}
	return list
}
