package journal

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// condemn gives up the open file, which holds nothing of worth up to that size,
// or something anyway if it is negative.
func (f *file) condemn(worthless int64) {
	f.condemned, f.condemnedAt, f.worthless = f.info, f.path, worthless
	_ = f.clearAway() // tried again before the next file is opened
	_ = f.open.Close()
	f.open = nil
}

// clearAway renames the condemned file like a rotated one, so that path is
// free for a fresh one. It is removed if it has no more than its worthless
// bytes.
//
// First the renaming, then the look at the size: so no line is lost that
// another process, using the same path by mistake, puts there meanwhile. If it
// compares the path before the renaming, the line shows in the size; if after,
// it writes the line again elsewhere.
func (f *file) clearAway() error {
	if f.condemned == nil {
		return nil
	}
	info, err := f.fs.Stat(f.condemnedAt)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !os.SameFile(info, f.condemned) {
		f.condemned = nil // somebody else has moved it
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
	info, err = f.fs.Stat(name)
	if err == nil && os.SameFile(info, f.condemned) && info.Size() <= f.worthless {
		_ = f.fs.Remove(name)
	}
	// If this fails, the new name may get lost, and with it what was once
	// acknowledged: then the file is renamed again, for an fsync to be trusted.
	if err := f.syncDir(filepath.Dir(f.path)); err != nil {
		f.worthless = -1
		return err
	}
	f.condemned = nil
	return nil
}

// rename gives a file the name of one rotated at t, or at the next millisecond
// that is free and comes after those given before: a name that has become free
// again would make the file older than it is. It replaces nothing, as it
// creates the new name before.
func (f *file) rename(from string, t time.Time) (name string, err error) {
	if next := f.lastName.Add(time.Millisecond); t.Before(next) {
		t = next
	}
	for range 1000 {
		name = rotatedName(f.path, t)
		var reserved File
		if reserved, err = f.fs.Create(name, 0o600); err == nil {
			_ = reserved.Close()
			f.lastName = t
			err = f.fs.Rename(from, name)
			if info, statErr := f.fs.Stat(name); err != nil && statErr == nil && info.Size() == 0 {
				_ = f.fs.Remove(name)
			}
			return name, err
		}
		if !errors.Is(err, fs.ErrExist) {
			return "", err
		}
		t = t.Add(time.Millisecond)
	}
	return "", err
}

// rotatedName returns, for events.jsonl, events-2026-11-23T17-04-58.123.jsonl,
// in UTC.
func rotatedName(path string, t time.Time) string {
	ext := filepath.Ext(path)
	return strings.TrimSuffix(path, ext) + "-" + t.UTC().Format(rotatedTime) + ext
}
