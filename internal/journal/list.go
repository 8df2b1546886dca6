package journal

import (
	"cmp"
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	rotatedTime = "2006-01-02T15-04-05.000"

	// Temporary is the ending of a name under which a file is being compressed.
	Temporary = ".tmp"

	// temporaryFor is the age from which on a temporary file, or an empty one that
	// reserves a name, is left over.
	temporaryFor = time.Hour
)

// rotatedFile is one rotated file, of which there may be a compressed form as
// well as the original one for a time.
type rotatedFile struct {
	time     time.Time // of its rotation
	modified time.Time // when its first form was last written
	forms    []string  // names, that of the original form first
	aside    bool      // it was set aside, not rotated: it is not kept in the place of one that was
}

// list returns the rotated files, the newest first. It removes temporary and
// empty ones that were left over. An error is about files that are not among
// those returned.
//
// Files count in the order of the times in their names, which are set right if
// the clock was ahead.
func (k *keeper) list(now time.Time) ([]*rotatedFile, error) {
	dir := filepath.Dir(k.path)
	names, err := k.fs.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	slices.Sort(names) // an original form before its compressed one
	var errs []error
	byName := make(map[time.Time]*rotatedFile)
	for _, name := range names {
		name = filepath.Join(dir, name)
		at, ok := RotatedAt(k.path, name)
		if !ok && !k.isTemporary(name) {
			continue
		}
		info, err := k.fs.Stat(name)
		if err != nil {
			if !errors.Is(err, fs.ErrNotExist) { // it may be taken by somebody else meanwhile
				errs = append(errs, err)
			}
			continue
		}
		if !info.Mode().IsRegular() {
			continue
		}
		file := byName[at]
		if !ok || info.Size() == 0 && file == nil {
			errs = append(errs, k.removeLeftOver(name, info, now))
			continue
		}
		if file == nil {
			file = &rotatedFile{time: at, modified: info.ModTime()}
			byName[at] = file
		}
		file.forms = append(file.forms, name)
		file.aside = file.aside || isAside(info)
	}
	var files []*rotatedFile
	for _, file := range byName {
		files = append(files, file)
	}
	errs = append(errs, k.setRight(files, byName, now))
	slices.SortFunc(files, func(a, b *rotatedFile) int {
		return cmp.Or(b.time.Compare(a.time), strings.Compare(b.forms[0], a.forms[0]))
	})
	return files, errors.Join(errs...)
}

// isTemporary tells whether a rotated file is, or was, being compressed under
// that name: see writeCompressed. Others' temporary files are theirs.
func (k *keeper) isTemporary(name string) bool {
	name, ok := strings.CutSuffix(name, Temporary)
	random := filepath.Ext(name)
	if _, err := strconv.ParseUint(strings.TrimPrefix(random, "."), 16, 32); !ok || err != nil || len(random) != len(".01234567") {
		return false
	}
	original := strings.TrimSuffix(name, random)
	_, ok = RotatedAt(k.path, original)
	return ok && compressionOf(original) == ""
}

// removeLeftOver removes a temporary file, or an empty one that reserves a
// name, unless somebody may still be about to give it its content. The clock may
// have been set back since it was made: by as much as makes it left over, too,
// whoever reserved the name has given it up, see isReserved.
func (k *keeper) removeLeftOver(name string, info fs.FileInfo, now time.Time) error {
	if now.Sub(info.ModTime()).Abs() <= temporaryFor {
		return nil
	}
	return k.remove(name)
}

// RotatedAt returns the time in the name of a rotated file of the journal at
// path, compressed or not. No other name is taken for one.
func RotatedAt(path, name string) (time.Time, bool) {
	if c := compressionOf(name); c != "" {
		name = strings.TrimSuffix(name, string(c))
	}
	ext := filepath.Ext(path)
	stamp, ok := strings.CutPrefix(strings.TrimSuffix(name, ext), strings.TrimSuffix(path, ext)+"-")
	t, err := time.Parse(rotatedTime, stamp)
	return t, ok && err == nil && rotatedName(path, t) == name
}
