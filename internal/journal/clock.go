package journal

import (
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// maxAhead is how far a name may be in the future: that much, names go on
// from earlier ones when the clock is set back.
const maxAhead = time.Hour

// setRight gives files whose names lie further in the future, as the clock was
// ahead, names made of when they were last written or, where that is in the
// future too, of an hour ago: older than what was written since the clock was set
// back, as that would have been found within the hour. That is for good: when the
// time in their old names came, they would count as the newest. Where the renaming
// fails, they count by the new time all the same.
func (k *keeper) setRight(files []*rotatedFile, taken map[time.Time]*rotatedFile, now time.Time) error {
	ahead := slices.DeleteFunc(slices.Clone(files), func(file *rotatedFile) bool { return !file.time.After(now.Add(maxAhead)) })
	slices.SortFunc(ahead, func(a, b *rotatedFile) int { return a.time.Compare(b.time) })
	var errs []error
	for _, file := range ahead {
		at := file.modified
		if at.After(now) {
			at = now.Add(-keepEvery)
		}
		if err := k.retime(file, at.UTC().Truncate(time.Millisecond), taken); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// retime renames all forms of a file, or none, to the next millisecond that is free.
func (k *keeper) retime(file *rotatedFile, at time.Time, taken map[time.Time]*rotatedFile) (err error) {
	from, dir := rotatedName(k.path, file.time), filepath.Dir(k.path)
	for range 1000 {
		for taken[at] != nil {
			at = at.Add(time.Millisecond)
		}
		file.time, taken[at] = at, file
		var renamed []string
		for _, form := range file.forms {
			name := rotatedName(k.path, at) + strings.TrimPrefix(form, from)
			if err = renameNew(k.fs, form, name); err != nil {
				break
			}
			renamed = append(renamed, name)
		}
		if err == nil {
			err = k.fs.SyncDir(dir)
		}
		if err == nil {
			file.forms = renamed
			return nil
		}
		// Also after a failed fsync: what is renamed anew gets one that can be trusted.
		for i, name := range renamed {
			_ = renameNew(k.fs, name, file.forms[i])
			_ = k.fs.SyncDir(dir)
		}
		if !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	return err
}
