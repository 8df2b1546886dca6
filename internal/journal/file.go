package journal

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

const (
	// retryAfter is how long nothing is tried after a failed fsync.
	retryAfter = time.Second

	// keepBuffer is the capacity up to which the batch buffer is kept for the
	// next batch.
	keepBuffer = 1 << 20

	// maxRewrites bounds how often one batch is written again because others
	// keep on changing the file meanwhile.
	maxRewrites = 100
)

// file is the open file of a Journal and what is known of it. Its methods are
// called by one goroutine at a time.
type file struct {
	fs   FS
	path string

	open    File        // nil while no file is open
	info    fs.FileInfo // of the open file, to tell whether path still names it
	size    int64       // of the open file, as far as this journal knows
	written int64       // by this journal to the open file
	created bool        // this journal created the open file
	unsafe  bool        // it did so, and the directory has not been fsynced since
	acked   bool        // a line in the open file has been acknowledged
	torn    bool        // the open file does not end with a line feed
	buffer  []byte

	// The Options of the lines in the open file that were acknowledged without
	// an fsync and need one still; and the error of one that failed.
	deferred map[*Options]struct{}
	lost     error

	// After a failed fsync the kernel may have dropped what it could not write,
	// and report success the next time. So the file is condemned: it is renamed
	// and never written or fsynced again.
	condemned   fs.FileInfo // not durably out of the way yet
	condemnedAt string      // its name: path, or the one that it was renamed to
	worthless   int64       // size up to which it holds nothing that was acknowledged
	cause       error       // why nothing is tried before retryAt
	retryAt     time.Time   // zero unless an fsync failed and nothing has been stored since
}

// commit writes the lines of the batch and makes them as durable as the most
// demanding of its requests wants.
func (f *file) commit(batch []*request) error {
	var first *request // that has a line
	sync := false
	for _, r := range batch {
		if r.line != nil && first == nil {
			first = r
		}
		sync = sync || r.line == nil || r.options.Sync == SyncAlways
	}
	if first == nil {
		return f.syncDeferred()
	}

	for range maxRewrites {
		if err := f.ensureOpen(first.options); err != nil {
			return err
		}
		intact, err := f.write(batch)
		if err != nil {
			return err
		}
		if !intact {
			continue
		}
		if sync {
			if err := f.sync(); err != nil {
				return err
			}
		}
		// Somebody may have renamed, removed or even compressed the file while
		// the batch was on its way into it.
		current, err := f.isCurrent()
		if err != nil {
			return err
		}
		if current {
			f.acknowledge(batch, sync)
			return nil
		}
	}
	return fmt.Errorf("%s: others keep changing the file", f.path)
}

func (f *file) acknowledge(batch []*request, synced bool) {
	f.acked = true
	f.retryAt = time.Time{}
	if synced {
		return
	}
	if f.deferred == nil {
		f.deferred = make(map[*Options]struct{})
	}
	for _, r := range batch {
		f.deferred[r.options] = struct{}{}
	}
}

// syncDeferred fsyncs what was acknowledged without it.
func (f *file) syncDeferred() error {
	if len(f.deferred) > 0 {
		_ = f.sync() // a failure is remembered
	}
	err := f.lost
	f.lost = nil
	return err
}

// write appends the batch in one write. intact is false if it has to be
// written again, as the file ended with somebody else's torn line.
func (f *file) write(batch []*request) (intact bool, err error) {
	b := f.join(batch)
	n, err := f.open.Write(b)
	f.written += int64(n)
	if err == nil && n < len(b) {
		err = io.ErrShortWrite
	}
	if err != nil {
		// What was written of it stays; opening the file again heals its tail.
		f.close()
		return false, fmt.Errorf("writing to %s: %w", f.path, err)
	}

	end, err := f.open.Seek(0, io.SeekCurrent)
	if err != nil {
		f.close()
		return false, fmt.Errorf("writing to %s: %w", f.path, err)
	}
	start, expected := end-int64(n), f.size
	f.size, f.torn = end, false
	if start == expected {
		return true, nil
	}
	torn, err := f.isTorn(start)
	if err != nil {
		f.close()
		return false, err
	}
	return !torn, nil
}

// join returns the lines of the batch in one piece, with a line feed before
// them if the file's last line has none.
func (f *file) join(batch []*request) []byte {
	if len(batch) == 1 && !f.torn {
		return batch[0].line
	}
	b := f.buffer[:0]
	if f.torn {
		b = append(b, '\n')
	}
	for _, r := range batch {
		b = append(b, r.line...)
	}
	if cap(b) <= keepBuffer {
		f.buffer = b
	} else {
		f.buffer = nil
	}
	return b
}

// sync fsyncs the open file. If that fails, the file is condemned, and whoever
// has lines in it that were acknowledged before is told.
func (f *file) sync() error {
	err := f.open.Sync()
	if err != nil {
		err = fmt.Errorf("fsync of %s: %w", f.path, err)
		f.cause, f.retryAt = err, time.Now().Add(retryAfter)
		worthless := int64(-1)
		if f.created && !f.acked {
			worthless = f.written
		}
		f.condemn(worthless)
		for o := range f.deferred {
			f.lost = err
			if o.SyncFailed != nil {
				o.SyncFailed(err)
			}
		}
	}
	clear(f.deferred)
	return err
}

// close closes the open file, if any, after the fsync that lines in it wait for.
func (f *file) close() {
	if f.open != nil && len(f.deferred) > 0 {
		_ = f.sync() // a failure condemns the file, and is remembered
	}
	if f.open != nil {
		_ = f.open.Close()
		f.open = nil
	}
}

// isCurrent tells whether path names the open file.
func (f *file) isCurrent() (bool, error) {
	info, err := f.fs.Stat(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil && os.SameFile(info, f.info), err
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
	failing := !f.retryAt.IsZero()
	if failing && time.Now().Before(f.retryAt) {
		return f.cause
	}
	err := f.clearAway()
	if err == nil {
		err = f.openFile(o)
	}
	if err != nil && failing {
		f.cause, f.retryAt = err, time.Now().Add(retryAfter)
	}
	return err
}

func (f *file) openFile(o *Options) error {
	dir := filepath.Dir(f.path)
	if err := f.makeDir(dir, o.DirMode); err != nil {
		return err
	}
	opened, err := f.fs.Open(f.path)
	created := false
	if errors.Is(err, fs.ErrNotExist) {
		opened, err = f.fs.Create(f.path, o.Mode)
		created = err == nil
		if errors.Is(err, fs.ErrExist) { // created by somebody else meanwhile
			opened, err = f.fs.Open(f.path)
		}
	}
	if err != nil {
		return err
	}
	f.open, f.created, f.acked, f.written = opened, created, false, 0
	f.unsafe = f.unsafe || created
	if err := f.inspect(); err != nil {
		f.close()
		return err
	}
	// Always: whoever created the file may have been killed before this.
	if err := f.syncDir(dir); err != nil {
		if f.unsafe {
			f.condemn(0) // created anew, the entry gets an fsync that can be trusted
		}
		f.close()
		return err
	}
	f.unsafe = false
	return nil
}

// inspect learns what has to be known of the file that was just opened.
func (f *file) inspect() (err error) {
	if f.info, err = f.open.Stat(); err != nil {
		return err
	}
	if !f.info.Mode().IsRegular() {
		return fmt.Errorf("%s: not a regular file", f.path)
	}
	f.size = f.info.Size()
	f.torn, err = f.isTorn(f.size)
	return err
}

// isTorn tells whether what ends at that offset of the file does so without a
// line feed.
func (f *file) isTorn(offset int64) (bool, error) {
	if offset <= 0 {
		return false, nil
	}
	var last [1]byte
	if _, err := f.open.ReadAt(last[:], offset-1); err != nil {
		return false, fmt.Errorf("reading the end of %s: %w", f.path, err)
	}
	return last[0] != '\n', nil
}

// makeDir makes dir and its missing parents, each durably before the next.
func (f *file) makeDir(dir string, mode fs.FileMode) error {
	parent := filepath.Dir(dir)
	info, err := f.fs.Stat(dir)
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
	if err := f.syncDir(parent); err != nil {
		_ = f.fs.Remove(dir) // made anew, it gets an fsync that can be trusted
		return err
	}
	return nil
}

func (f *file) syncDir(dir string) error {
	if err := f.fs.SyncDir(dir); err != nil {
		return fmt.Errorf("fsync of directory %s: %w", dir, err)
	}
	return nil
}

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
// that is free. It replaces nothing, as it creates the new name before.
func (f *file) rename(from string, t time.Time) (name string, err error) {
	for range 1000 {
		name = rotatedName(f.path, t)
		var reserved File
		if reserved, err = f.fs.Create(name, 0o600); err == nil {
			_ = reserved.Close()
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
	return strings.TrimSuffix(path, ext) + "-" + t.UTC().Format("2006-01-02T15-04-05.000") + ext
}
