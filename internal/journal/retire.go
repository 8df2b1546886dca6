package journal

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// condemn gives up the open file, which holds nothing of worth up to that size,
// or something anyway if it is negative.
func (f *file) condemn(worthless int64) {
	f.condemned, f.condemnedAt, f.worthless, f.aside = f.info, f.target, worthless, true
	_ = f.clearAway() // tried again before the next file is opened
	_ = f.open.Close()
	f.open = nil
}

// clearAway renames the condemned file like a rotated one, so that path is
// free for a fresh one. It is removed if it has no more than its worthless
// bytes, and else, if it was set aside and not rotated, made read-only, so that it
// is known: see isAside. Not before its new name is durable: a power cut must not
// leave a read-only file at path.
//
// First the renaming, then the look at the size: so no line is lost that
// another process, using the same path by mistake, puts there meanwhile. If it
// compares the path before the renaming, the line shows in the size; if after,
// it writes the line again elsewhere.
func (f *file) clearAway() error {
	if f.condemned == nil {
		return nil
	}
	found, err := f.isCondemned(f.condemnedAt)
	if err == nil && !found {
		// Somebody else has moved it, and may have put a link to it in its place.
		var target string
		if target, err = f.follow(); err == nil {
			if found, err = f.isCondemned(target); found {
				f.target, f.condemnedAt = target, target
			}
		}
	}
	if err == nil && !found {
		f.condemned = nil
		return nil
	}
	name := ""
	if err == nil {
		name, err = f.rename(f.condemnedAt, time.Now())
	}
	if err != nil {
		// Once the file is closed, what looks the same may be another's, which
		// the file system gave the same number.
		f.worthless = -1
		return err
	}
	f.condemnedAt = name
	info, err := f.fs.Lstat(name)
	aside := err == nil && f.aside
	if err == nil && os.SameFile(info, f.condemned) && info.Size() <= f.worthless {
		_ = f.fs.Remove(name)
		aside = false
	}
	// If this fails, the new name may get lost, and with it what was once
	// acknowledged: then the file is renamed again, for an fsync to be trusted.
	if err := f.syncDir(filepath.Dir(f.target)); err != nil {
		f.worthless = -1
		return err
	}
	if aside {
		_ = f.fs.Chmod(name, info.Mode().Perm()&^0o222)
	}
	f.condemned = nil
	return nil
}

func (f *file) isCondemned(name string) (bool, error) {
	info, err := f.fs.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil && os.SameFile(info, f.condemned), err
}

// rename gives a file the name of one rotated at t, or at the next millisecond
// that is free and comes after those given before: a name that has become free
// again, or one from before the clock was set back, would make the file older
// than it is. It replaces nothing, and renames no link.
func (f *file) rename(from string, t time.Time) (name string, err error) {
	if f.lastName.IsZero() {
		f.lastName = f.newestName(t)
	}
	if next := f.lastName.Add(time.Millisecond); t.Before(next) && next.Before(t.Add(maxAhead)) {
		t = next
	}
	for range 1000 {
		name = rotatedName(f.target, t)
		if err = renameNew(f.fs, from, name); err == nil {
			f.lastName = t
			return name, nil
		}
		if errors.Is(err, syscall.EBUSY) {
			return "", fmt.Errorf("%w: if it is mounted by itself, mount its directory instead", err)
		}
		if !errors.Is(err, fs.ErrExist) {
			return "", err
		}
		t = t.Add(time.Millisecond)
	}
	return "", err
}

// newestName returns the time in the newest name of a rotated file, as of an
// earlier process, that is not too far in the future to go on from.
func (f *file) newestName(now time.Time) (newest time.Time) {
	dir := filepath.Dir(f.target)
	names, _ := f.fs.ReadDir(dir) // without them, names go on from now
	for _, name := range names {
		t, ok := RotatedAt(f.target, filepath.Join(dir, name))
		if ok && t.After(newest) && t.Before(now.Add(maxAhead)) {
			newest = t
		}
	}
	return newest
}

// rotatedName returns, for events.jsonl, events-2026-11-23T17-04-58.123.jsonl,
// in UTC.
func rotatedName(path string, t time.Time) string {
	ext := filepath.Ext(path)
	return strings.TrimSuffix(path, ext) + "-" + t.UTC().Format(rotatedTime) + ext
}
