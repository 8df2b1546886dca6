package journal

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/files"
)

// openFile is the file that lines are appended to, and what is known of it.
type openFile struct {
	files.File
	target    string      // its own name: path, or what that leads to as a symbolic link
	info      fs.FileInfo // to tell whether path still names it
	size      int64       // as far as this journal knows
	written   int64       // by this journal
	lastWrite time.Time   // by anybody as far as it is known
	created   bool        // by this journal
	acked     bool        // a line in it has been acknowledged
	torn      bool        // it does not end with a line feed

	// The Options of the lines in it that were acknowledged without an fsync and
	// need one still.
	deferred map[*Options]struct{}
}

// ensureOpen opens the file at path unless it is open, creating it and the
// directories before it where they are missing.
func (f *file) ensureOpen(o *Options) error {
	if f.open != nil {
		current, err := f.isCurrent()
		if current || err != nil {
			return err
		}
		f.close()
	}
	failing := f.backoff.cause != nil
	if failing && time.Now().Before(f.backoff.retryAt) {
		return f.backoff.cause
	}
	err := f.clearAway()
	if err == nil {
		err = f.reopen(o)
	}
	if err != nil && (failing || errors.Is(err, errSync) && !errors.Is(err, fs.ErrNotExist)) {
		f.backOff(err)
	}
	return err
}

func (f *file) reopen(o *Options) error {
	target, err := files.Follow(f.fs, f.path)
	if err != nil {
		return err
	}
	dir := filepath.Dir(target)
	if err := f.makeDir(dir, o.DirMode); err != nil {
		return err
	}
	opened, err := f.fs.Open(target)
	created := false
	if errors.Is(err, fs.ErrNotExist) {
		opened, err = f.fs.Create(target, o.Mode)
		created = err == nil
		if errors.Is(err, fs.ErrExist) { // created by somebody else meanwhile
			opened, err = f.fs.Open(target)
		}
	}
	if err != nil {
		return err
	}
	f.open = &openFile{File: opened, target: target, created: created, deferred: make(map[*Options]struct{})}
	f.unsyncedEntry = f.unsyncedEntry || created
	if err := f.open.inspect(); err != nil {
		f.close()
		return err
	}
	// Always: whoever created the file may have been killed before this.
	if err := f.syncDir(dir); err != nil {
		if f.unsyncedEntry {
			f.condemn(0) // created anew, the entry gets an fsync that can be trusted
		}
		f.close()
		return err
	}
	f.unsyncedEntry = false
	f.keeperDue = true // perhaps: by whoever was killed before it was done with it
	return nil
}

// inspect learns what has to be known of a file that was just opened.
func (o *openFile) inspect() (err error) {
	if o.info, err = o.Stat(); err != nil {
		return err
	}
	if !o.info.Mode().IsRegular() {
		return fmt.Errorf("%s: not a regular file", o.target)
	}
	o.size, o.lastWrite = o.info.Size(), o.info.ModTime()
	o.torn, err = o.isTorn(o.size)
	return err
}

// isTorn tells whether what ends at that offset of the file does so without a
// line feed.
func (o *openFile) isTorn(offset int64) (bool, error) {
	if offset <= 0 {
		return false, nil
	}
	var last [1]byte
	if _, err := o.ReadAt(last[:], offset-1); err != nil {
		return false, fmt.Errorf("reading the end of %s: %w", o.target, err)
	}
	return last[0] != '\n', nil
}

// makeDir makes dir and its missing parents, each durably before the next.
func (f *file) makeDir(dir string, mode fs.FileMode) error {
	parent := filepath.Dir(dir)
	info, err := f.fs.Stat(dir)
	if err == nil && f.unsyncedDir != nil && os.SameFile(info, f.unsyncedDir) {
		// Made anew, it gets an fsync that can be trusted, unless somebody has
		// taken to it.
		err := f.fs.Remove(dir)
		if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ENOTEMPTY) && !errors.Is(err, syscall.EEXIST) {
			return err
		}
		f.unsyncedDir = nil
		return f.makeDir(dir, mode)
	}
	switch {
	case err == nil && !info.IsDir():
		return fmt.Errorf("%s: not a directory", dir)
	case err == nil:
		// Whoever made dir may have been killed before this. A parent that is
		// not ours to read is not one in which we make directories.
		if err := f.syncDir(parent); err != nil && !errors.Is(err, fs.ErrPermission) {
			return err
		}
		return nil
	case !errors.Is(err, fs.ErrNotExist) || parent == dir:
		return err
	}
	if err := f.makeDir(parent, mode); err != nil {
		return err
	}
	if err := f.fs.Mkdir(dir, mode); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	if info, err = f.fs.Stat(dir); err != nil {
		return err
	}
	if err := f.syncDir(parent); err != nil {
		f.unsyncedDir = info
		return err
	}
	return nil
}

// errSync is in the chain of every failed fsync's error.
var errSync = errors.New("fsync")

func (f *file) syncDir(dir string) error {
	if err := f.fs.SyncDir(dir); err != nil {
		return fmt.Errorf("%w of directory %s: %w", errSync, dir, err)
	}
	return nil
}
