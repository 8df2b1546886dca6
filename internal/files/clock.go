package files

import (
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// setRight gives files whose names lie further in the future, as the clock was
// ahead, names made of when they were last written or, where that is in the
// future too, of an hour ago: that would have been found within the hour. They stay
// in their order, and come after those whose names are not in the future, as names always
// go on. That is for good: when the time in their old names came, they would count as
// the newest. Where the renaming fails, they count by the new time all the same.
func (k *Keeper) setRight(files []*keptFile, now time.Time) error {
	taken := make(map[time.Time]bool)
	for _, file := range files {
		taken[file.At] = true
	}
	ahead := slices.DeleteFunc(slices.Clone(files), func(file *keptFile) bool { return !file.At.After(now.Add(maxAhead)) })
	slices.SortFunc(ahead, func(a, b *keptFile) int { return a.At.Compare(b.At) })
	newest := time.Time{} // of the others
	for _, file := range files {
		if !file.At.After(now.Add(maxAhead)) && file.At.After(newest) {
			newest = file.At
		}
	}
	var errs []error
	last := time.Time{} // in the name that was given last
	for _, file := range ahead {
		at := file.modified.UTC().Truncate(time.Millisecond)
		if at.After(now) {
			if at = now.Add(-keepEvery).UTC().Truncate(time.Millisecond); !at.After(newest) {
				at = newest.Add(time.Millisecond)
			}
		}
		if !at.After(last) {
			at = last.Add(time.Millisecond)
		}
		err := k.retime(file, at, taken)
		last = file.At
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// retime renames all forms of a file, or none, to the next millisecond that is free.
func (k *Keeper) retime(file *keptFile, at time.Time, taken map[time.Time]bool) (err error) {
	from, dir := RotatedName(k.path, file.At), filepath.Dir(k.path)
	for range 1000 {
		for taken[at] {
			at = at.Add(time.Millisecond)
		}
		file.At, taken[at] = at, true
		var renamed []string
		for _, form := range file.Forms {
			name := RotatedName(k.path, at) + strings.TrimPrefix(form, from)
			if err = renameNew(k.fs, form, name); err != nil {
				break
			}
			renamed = append(renamed, name)
		}
		if err == nil {
			err = k.fs.SyncDir(dir)
		}
		if err == nil {
			file.Forms = renamed
			return nil
		}
		// Also after a failed fsync: what is renamed anew gets one that can be trusted.
		for i, name := range renamed {
			_ = renameNew(k.fs, name, file.Forms[i])
			_ = k.fs.SyncDir(dir)
		}
		if !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	return err
}
