package files

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// maxLinks is how many symbolic links are followed.
const maxLinks = 100

// Resolve returns the absolute name of what a name leads to through symbolic
// links, to something missing, too: what is not there yet keeps its name.
func Resolve(name string) (string, error) {
	var err error
	switch {
	case runtime.GOOS == "windows":
		name, err = filepath.Abs(name)
	case !filepath.IsAbs(name): // not by Abs, for which "link/.." is nothing
		var dir string
		dir, err = os.Getwd()
		name = dir + string(filepath.Separator) + name
	}
	if err != nil {
		return "", err
	}
	return resolve(name, 0)
}

func resolve(path string, links int) (string, error) {
	if links > maxLinks {
		return "", fmt.Errorf("%s: too many symbolic links", path)
	}
	resolved, err := filepath.EvalSymlinks(path)
	if err == nil {
		return resolved, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Stat(path); err == nil { // there, though not to be resolved, as may be on Windows
			return filepath.Clean(path), nil
		}
		return "", fmt.Errorf("%s: %w", path, err)
	}
	dir, base := split(path)
	if target, err := os.Readlink(path); err == nil { // to something missing
		if !filepath.IsAbs(target) {
			target = dir + string(filepath.Separator) + target
		}
		return resolve(target, links+1)
	}
	if base == "" {
		return dir, nil
	}
	if dir, err = resolve(dir, links); err != nil {
		return "", err
	}
	if resolved = filepath.Join(dir, base); resolved != path {
		return resolve(resolved, links+1)
	}
	return path, nil
}

// split returns the last name in a path, and what is before it. There is none
// in the path of a root.
func split(path string) (dir, base string) {
	isSeparator := func(r rune) bool { return r < 0x80 && os.IsPathSeparator(uint8(r)) }
	volume := filepath.VolumeName(path)
	path = strings.TrimRightFunc(path[len(volume):], isSeparator)
	dir, base = filepath.Split(path)
	if dir = strings.TrimRightFunc(dir, isSeparator); dir == "" {
		dir = string(filepath.Separator)
	}
	return volume + dir, base
}

// Follow returns path, or, where somebody has put a symbolic link in the file's
// place, what that leads to.
func Follow(fsys FS, path string) (string, error) {
	if !isLink(fsys, path) {
		return path, nil
	}
	return fsys.Resolve(path)
}

// isLink is false for what cannot be looked at: whoever uses it is told why.
func isLink(fsys FS, name string) bool {
	info, err := fsys.Lstat(name)
	return err == nil && info.Mode()&fs.ModeSymlink != 0
}
