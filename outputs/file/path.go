package file

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"unicode/utf8"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/files"
)

// checkFilename tells what of a file's name is wrong on any disk.
func checkFilename(name string) error {
	rest := name[len(filepath.VolumeName(name)):]
	base := rest
	for i := range len(rest) {
		if os.IsPathSeparator(rest[i]) {
			base = rest[i+1:]
		}
	}
	switch {
	case name == "":
		return errors.New("is empty")
	case strings.ContainsRune(name, 0) || !utf8.ValidString(name):
		return errors.New("must be UTF-8 without NUL")
	case base == "" || base == "." || base == "..":
		return isDirectory(name)
	case !filepath.IsLocal(base) || runtime.GOOS == "windows" && strings.ContainsAny(base[len(base)-1:], ". "):
		return fmt.Errorf("%q is no name for a file on this system", base)
	}
	return files.CheckName(base)
}

func isDirectory(name string) error {
	return fmt.Errorf("is a directory: name a file in it, such as %s", filepath.Join(name, "events.jsonl"))
}

// resolve returns the absolute name of the file, or of where it will be created.
// Symbolic links are followed once and for all, so that it is the file behind
// them that is created, and renamed.
func resolve(filename string) (string, error) {
	if err := checkFilename(filename); err != nil {
		return "", err
	}
	path, err := files.Resolve(filename)
	if err != nil {
		return "", withRemedy(filename, err)
	}
	if err := checkFilename(path); err != nil {
		return "", fmt.Errorf("leads to %s, which %w", path, err)
	}
	return path, nil
}

// checkWritable opens the file for appending, or, where it is missing, tries
// that a file can be created in the nearest directory that exists.
func checkWritable(path string) error {
	if err := checkLength(path); err != nil {
		return err
	}
	info, err := os.Stat(path)
	if err == nil {
		switch {
		case info.IsDir():
			return isDirectory(path)
		case !info.Mode().IsRegular():
			return fmt.Errorf("is not a regular file (%s): name one", info.Mode())
		}
		var f *os.File
		if f, err = os.OpenFile(path, os.O_RDWR|os.O_APPEND, 0); err == nil {
			defer func() { _ = f.Close() }()
			return checkMount(path, f)
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%w: its mode is %s, and Caddy runs as %s, which must be let read and write it", err, info.Mode(), currentUser())
		}
	}
	if !errors.Is(err, fs.ErrNotExist) { // the file may also have been rotated just now
		return withRemedy(path, err)
	}
	f, err := os.CreateTemp(nearestDir(path), ".webhook_receiver-")
	if err != nil {
		return withRemedy(path, err)
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// nearestDir returns what exists of the names of the directories before path.
func nearestDir(path string) string {
	for dir := filepath.Dir(path); ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(dir); err == nil || dir == filepath.Dir(dir) {
			return dir
		}
	}
}

// checkLength looks for names that the file system does not take: those of
// rotated files, and of the directories that are to be made.
func checkLength(path string) error {
	dir := nearestDir(path)
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return nil // which is told later
	}
	names := []string{files.LongestName(path)}
	for missing := filepath.Dir(path); missing != dir; missing = filepath.Dir(missing) {
		names = append(names, filepath.Join(dir, filepath.Base(missing)))
	}
	if filepath.Dir(path) != dir {
		names = append(names, filepath.Join(dir, files.LongestName(filepath.Base(path))))
	}
	for _, name := range names {
		_, err := os.Lstat(name)
		if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrPermission) {
			return fmt.Errorf("is no name that this file system takes, with what rotation adds to it: choose a shorter one: %w", err)
		}
	}
	return nil
}

// withRemedy adds to an error what an operator needs: it is likely the nearest
// directory that is in the way.
func withRemedy(path string, err error) error {
	dir := nearestDir(path)
	info, statErr := os.Stat(dir)
	switch {
	case statErr != nil:
		return err
	case !info.IsDir():
		return fmt.Errorf("%s is not a directory: %w", dir, err)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("the directory %s (mode %s) can't be used by %s: %w: let that user enter and write it, or name a file elsewhere",
			dir, info.Mode(), currentUser(), err)
	case errors.Is(err, syscall.EROFS):
		return fmt.Errorf("the directory %s (mode %s) can't be written by %s: %w: mount it so that it can be (systemd's ReadWritePaths, a volume without :ro), or name a file elsewhere",
			dir, info.Mode(), currentUser(), err)
	}
	return err
}

func currentUser() string {
	u, err := user.Current()
	if err != nil {
		return fmt.Sprintf("user id %d", os.Getuid())
	}
	return fmt.Sprintf("user %s (id %s)", u.Username, u.Uid)
}
