package cli

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"slices"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/files"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/reader"
)

// pollEvery is how often a file that is followed is looked at. Nothing but
// polling works on every system and file system.
const pollEvery = 100 * time.Millisecond

// followed is the file at a path, from when it was opened.
type followed struct {
	*reader.Lines // nil while there is no file
	info          fs.FileInfo
	known         []files.Rotated // that there were then
}

// follower follows what is at a path. A file that has been renamed is read to its
// end, as it stays open. Those that came and went between two looks are found by
// their names, compressed or not.
type follower struct {
	*tailer
	path         string
	old, current *followed // while there is no file yet, old says which rotated ones are from before
}

// follow shows what is in files, and what comes, until ctx ends.
func (t *tailer) follow(ctx context.Context, args []string) error {
	var all []*follower
	defer func() {
		for _, f := range all {
			if f.current != nil {
				f.current.Close()
			}
		}
	}()
	for round := 0; ; round++ {
		var err error
		if all, err = t.addFollowers(all, args, round); err != nil {
			return err
		}
		if round == 0 {
			err = t.showFirst(all)
		} else {
			for _, f := range all {
				if err = f.look(); err != nil {
					break
				}
			}
		}
		if err != nil {
			return err
		}
		if slices.ContainsFunc(all, func(f *follower) bool { return f.current != nil }) {
			t.flush()
		}
		if ctx.Err() != nil {
			return nil
		}
		pause(ctx, pollEvery)
	}
}

// addFollowers adds those of journals that are new, in directories once in a while.
func (t *tailer) addFollowers(all []*follower, args []string, round int) ([]*follower, error) {
	add := func(path string, isNew bool) {
		if slices.ContainsFunc(all, func(f *follower) bool { return f.path == path }) {
			return
		}
		f := &follower{tailer: t, path: path}
		if isNew { // so what was rotated of it is to be shown
			f.old = new(followed)
		}
		all = append(all, f)
	}
	const between = int(time.Second / pollEvery)
	if round%between != 0 {
		return all, nil
	}
	for _, arg := range args {
		info, err := os.Stat(arg)
		if err != nil || !info.IsDir() {
			if round == 0 {
				add(reader.Absolute(arg), false)
			}
			continue
		}
		lives, err := reader.LiveIn(arg)
		if err != nil {
			return nil, err
		}
		if len(lives) == 0 && round == 0 {
			t.note("%s: there are no events in this directory; waiting for some", arg)
		}
		for _, live := range lives {
			add(reader.Absolute(live), round > 0)
		}
	}
	return all, nil
}

// showFirst shows what is there at first, merged by the times of events.
func (t *tailer) showFirst(all []*follower) error {
	type head struct {
		*followed
		line reader.Line
		time time.Time
	}
	var heads []*head
	next := func(h *head) (ok bool, err error) {
		if h.line, err = h.Next(); errors.Is(err, io.EOF) {
			return false, nil
		}
		if len(all) > 1 && err == nil {
			if _, e, _ := reader.Parse(h.line); e != nil && e.Time.After(h.time) {
				h.time = e.Time
			}
		}
		return true, err
	}
	for _, f := range all {
		opened, err := f.open()
		if err != nil {
			return err
		}
		if f.current = opened; opened == nil {
			continue
		}
		h := &head{followed: opened}
		ok, err := next(h)
		if err != nil {
			return err
		}
		if ok {
			heads = append(heads, h)
		}
	}
	for len(heads) > 0 {
		first := slices.MinFunc(heads, func(a, b *head) int { return a.time.Compare(b.time) })
		t.showLine(first.Name(), first.line)
		if t.failed != nil {
			return t.failed
		}
		ok, err := next(first)
		if err != nil {
			return err
		}
		if !ok {
			heads = slices.DeleteFunc(heads, func(h *head) bool { return h == first })
		}
	}
	return nil
}

// open opens another file than the current one, if there is one.
func (f *follower) open() (*followed, error) {
	opened, err := openFollowed(f.path, f.current)
	switch {
	case err == nil:
	case !errors.Is(err, fs.ErrNotExist):
		return nil, err
	case f.current == nil && f.old == nil:
		f.note("%s: not there yet; waiting for it", f.path)
		f.old = new(followed)
		if f.old.known, _, err = files.List(files.OS{}, f.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	return opened, nil
}

// look shows what has come since the last look.
func (f *follower) look() error {
	opened, err := f.open()
	if err != nil {
		return err
	}
	// After the look for a new file: so nothing follows what is read now.
	if f.current != nil {
		if err := f.showGrown(f.current); err != nil {
			return err
		}
		f.old = f.current
	}
	if opened == nil {
		return nil
	}
	if f.old != nil {
		if err := f.showBetween(f.path, f.old, opened); err != nil {
			opened.Close()
			return err
		}
	}
	if f.current != nil {
		f.current.Close()
	}
	f.current = opened
	return f.showGrown(f.current)
}

// openFollowed opens the file at path if it is another than the current one,
// or one that has been cut to nothing. It returns nil if there is no other.
func openFollowed(path string, current *followed) (*followed, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if current != nil && os.SameFile(info, current.info) && info.Size() >= current.Read() {
		return nil, nil
	}
	file, rotated, err := reader.OpenLive(path, path)
	if err != nil {
		return nil, err
	}
	lines, err := reader.New(file, file)
	if err == nil {
		lines.Hash()
		info, err = file.Stat()
	}
	if err != nil {
		_ = file.Close()
		return nil, err
	}
	return &followed{Lines: lines, info: info, known: rotated}, nil
}

// showGrown shows the lines that have ended since the last look.
func (t *tailer) showGrown(f *followed) error {
	for {
		l, err := f.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		t.showLine(f.Name(), l)
		if t.failed != nil {
			return t.failed
		}
	}
}

// showBetween shows files that were rotated after old was, and before new came.
func (t *tailer) showBetween(path string, old, new *followed) error {
	// What was shown is in one of them, unless somebody else has moved it. As long
	// as that is not compressed, it is known for certain.
	var shown reader.Place
	if old.Lines != nil {
		if rest := old.Rest(); len(rest.Text) > 0 {
			t.showLine(old.Name(), rest)
		}
		shown = old.Place()
	}
	now, _, err := files.List(files.OS{}, path)
	if err != nil {
		return err
	}
	var others []time.Time
	for _, file := range new.known {
		switch {
		case formsOf(old.known, file.At) != nil:
		case slices.ContainsFunc(formsOf(now, file.At), func(name string) bool { return isFile(name, old.info) }):
			shown = reader.Place{}
		default:
			others = append(others, file.At)
		}
	}
	for _, at := range others {
		wasShown, err := t.showRotated(path, at, shown, new)
		if err != nil {
			return err
		}
		if wasShown {
			shown = reader.Place{} // once: another file may hold the same, or start with it
		}
	}
	return nil
}

func isFile(path string, info fs.FileInfo) bool {
	other, err := os.Stat(path)
	return err == nil && info != nil && os.SameFile(other, info)
}

// showRotated shows a rotated file, without what was shown if that is compressed by
// now, and this is it.
func (t *tailer) showRotated(path string, at time.Time, shown reader.Place, new *followed) (wasShown bool, err error) {
	reserved := false
	for range 10 { // forms come and go while it is being compressed
		now, _, err := files.List(files.OS{}, path)
		if err != nil {
			return false, err
		}
		for _, name := range formsOf(now, at) {
			if isFile(name, new.info) {
				return false, nil
			}
			lines, wasShown, err := openPast(name, shown)
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			if err != nil {
				return false, err
			}
			defer lines.Close()
			if lines.Empty() && !wasShown { // a name that is only reserved, or an empty file
				reserved = true
				continue
			}
			return wasShown, t.showAll(lines)
		}
	}
	if !reserved {
		t.note("%s: the file rotated at %s is gone before it could be read", path, at.Format(time.RFC3339Nano))
	}
	return false, nil
}

// openPast opens a file, and reads past what was shown if it is compressed and
// starts with that.
func openPast(path string, shown reader.Place) (lines *reader.Lines, past bool, err error) {
	lines, err = reader.Open(path)
	if err != nil || !lines.Compressed() || shown.Length == 0 {
		return lines, false, err
	}
	if past, err = lines.StartsWith(shown); past {
		return lines, true, nil
	}
	lines.Close()
	if err != nil {
		return nil, false, err
	}
	lines, err = reader.Open(path)
	return lines, false, err
}

// formsOf returns the names of the file that was rotated at that time, if there is one.
func formsOf(rotated []files.Rotated, at time.Time) []string {
	i, ok := slices.BinarySearchFunc(rotated, at, func(r files.Rotated, at time.Time) int { return r.At.Compare(at) })
	if !ok {
		return nil
	}
	return rotated[i].Forms
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
