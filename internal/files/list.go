package files

import (
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"time"
)

// Rotated is a rotated file, of which there may be compressed forms as well as
// the original one for a time.
type Rotated struct {
	At    time.Time
	Forms []string // their names, that of the original form first
}

// List returns the rotated files of the one at path by their names, the oldest
// first, and the names of temporary files.
func List(fsys FS, path string) (rotated []Rotated, temporary []string, err error) {
	dir := filepath.Dir(path)
	names, err := fsys.ReadDir(dir)
	if err != nil {
		return nil, nil, err
	}
	slices.Sort(names) // so by time, and the original form before compressed ones
	for _, name := range names {
		name = filepath.Join(dir, name)
		n, ok := Parse(name)
		switch last := len(rotated) - 1; {
		case !ok || n.Path != path:
		case n.Temporary:
			temporary = append(temporary, name)
		case last >= 0 && rotated[last].At.Equal(n.At):
			rotated[last].Forms = append(rotated[last].Forms, name)
		default:
			rotated = append(rotated, Rotated{At: n.At, Forms: []string{name}})
		}
	}
	return rotated, temporary, nil
}

// temporaryFor is the age from which on a temporary file, or an empty one that
// reserves a name, is left over.
const temporaryFor = time.Hour

// keptFile is a rotated file as the keeper finds it.
type keptFile struct {
	Rotated
	modified time.Time // when its first form was last written
	aside    bool      // it was set aside, not rotated: it is not kept in the place of one that was
}

// list returns the rotated files, the newest first. It removes temporary and
// empty ones that were left over. An error is about files that are not among
// those returned.
//
// Files count in the order of the times in their names, which are set right if
// the clock was ahead.
func (k *Keeper) list(now time.Time) (files []*keptFile, err error) {
	rotated, temporary, err := List(k.fs, k.path)
	if err != nil {
		return nil, err
	}
	var errs []error
	look := func(name string) fs.FileInfo {
		info, err := k.fs.Stat(name)
		if err == nil && info.Mode().IsRegular() {
			return info
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) { // it may be taken by somebody else meanwhile
			errs = append(errs, err)
		}
		return nil
	}
	for _, name := range temporary {
		if info := look(name); info != nil {
			errs = append(errs, k.removeLeftOver(name, info, now))
		}
	}
	for _, r := range rotated {
		file := &keptFile{Rotated: Rotated{At: r.At}}
		for _, name := range r.Forms {
			info := look(name)
			if info == nil {
				continue
			}
			if len(file.Forms) == 0 {
				if info.Size() == 0 {
					errs = append(errs, k.removeLeftOver(name, info, now))
					continue
				}
				file.modified = info.ModTime()
			}
			file.Forms = append(file.Forms, name)
			file.aside = file.aside || k.isAside(info)
		}
		if len(file.Forms) > 0 {
			files = append(files, file)
		}
	}
	errs = append(errs, k.setRight(files, now))
	slices.SortFunc(files, func(a, b *keptFile) int { return b.At.Compare(a.At) })
	return files, errors.Join(errs...)
}

// removeLeftOver removes a temporary file, or an empty one that reserves a
// name, unless somebody may still be about to give it its content. The clock may
// have been set back since it was made: by as much as makes it left over, too,
// whoever reserved the name has given it up, see isReserved.
func (k *Keeper) removeLeftOver(name string, info fs.FileInfo, now time.Time) error {
	if now.Sub(info.ModTime()).Abs() <= temporaryFor {
		return nil
	}
	return k.remove(name)
}

// SetAside marks a file that is rotated as one that was set aside after a failed
// fsync: it becomes read-only.
func SetAside(fsys FS, name string, info fs.FileInfo) error {
	return fsys.Chmod(name, info.Mode().Perm()&^0o222)
}

// IsAside tells whether a file was set aside.
func IsAside(info fs.FileInfo) bool { return info.Mode().Perm()&0o222 == 0 }
