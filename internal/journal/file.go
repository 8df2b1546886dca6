package journal

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"time"
)

const (
	// retryAfter is how long nothing is tried after a failed fsync.
	retryAfter = time.Second

	// maxRewrites bounds how often one batch is written again because others
	// keep on changing the file meanwhile.
	maxRewrites = 100
)

// file is the open file of a Journal and what is known of it. Its methods are
// called by one goroutine at a time.
type file struct {
	fs     FS
	path   string
	target string // the open file's own name: path, or what that leads to as a symbolic link

	observer *Observer // may be nil

	open    File        // nil while no file is open
	info    fs.FileInfo // of the open file, to tell whether path still names it
	size    int64       // of the open file, as far as this journal knows
	written int64       // by this journal to the open file
	created bool        // this journal created the open file
	unsafe  bool        // it did so, and the directory has not been fsynced since
	acked   bool        // a line in the open file has been acknowledged
	torn    bool        // the open file does not end with a line feed
	lines   []*request  // of a batch; only its memory is used again

	unsafeDir fs.FileInfo // made by this journal, while the fsync of its parent failed

	lastWrite     time.Time // to the open file, by anybody as far as it is known
	rotated       bool      // files came to be, or may have, that the keeper should look at
	rotationAgain time.Time // after a failed one
	lastName      time.Time // in the name that a file was given last

	// The Options of the lines in the open file that were acknowledged without
	// an fsync and need one still; and the error of one that failed.
	deferred map[*Options]struct{}
	lost     error

	// After a failed fsync the kernel may have dropped what it could not write,
	// and report success the next time. So the file is condemned: it is renamed
	// and never written or fsynced again. So is one that is rotated.
	condemned   fs.FileInfo // not durably out of the way yet
	condemnedAt string      // its name: path, or the one that it was renamed to
	aside       bool        // it is to be set aside, not rotated
	worthless   int64       // size up to which it holds nothing that was acknowledged
	cause       error       // why nothing is tried before retryAt
	retryAt     time.Time   // zero unless an fsync failed and nothing has been stored since
}

// commit commits a batch. err is the outcome for its lines, lost that for its
// wishes for an fsync.
func (f *file) commit(batch []*request, users []*Options) (err, lost error) {
	lines := f.lines[:0]
	defer func() { clear(lines); f.lines = lines }()
	synced, told := false, false
	for _, r := range batch {
		if r.line != nil {
			lines = append(lines, r)
			continue
		}
		synced, told = true, told || r.done != nil
	}
	if len(lines) > 0 {
		err = f.store(lines, users)
	}
	if synced && len(f.deferred) > 0 {
		_ = f.sync() // a failure is remembered
	}
	if told {
		lost, f.lost = f.lost, nil
	}
	return err, lost
}

// store writes the lines and makes them as durable as the most demanding of
// their callers wants.
func (f *file) store(lines []*request, users []*Options) error {
	size := int64(0)
	for _, r := range lines {
		size += int64(len(r.line))
	}
	sync := slices.ContainsFunc(lines, (*request).needsSync)
	for range maxRewrites {
		if err := f.ensureOpen(lines[0].options); err != nil {
			return err
		}
		if f.isDue(users, size) {
			f.rotate(users)
			if err := f.ensureOpen(lines[0].options); err != nil {
				return err
			}
		}
		intact, err := f.write(lines)
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
			f.acknowledge(lines, sync)
			return nil
		}
	}
	return fmt.Errorf("%s: others keep changing the file", f.path)
}

func (f *file) acknowledge(lines []*request, synced bool) {
	f.acked = true
	f.lastWrite = time.Now()
	f.retryAt = time.Time{}
	if f.observer != nil {
		f.observer.Committed(len(lines))
	}
	if synced {
		return
	}
	if f.deferred == nil {
		f.deferred = make(map[*Options]struct{})
	}
	var last *Options
	for _, r := range lines {
		if r.options != last {
			last = r.options
			f.deferred[last] = struct{}{}
		}
	}
}

// write appends the lines in one write. intact is false if it has to be
// written again, as the file ended with somebody else's torn line.
func (f *file) write(lines []*request) (intact bool, err error) {
	b := lines[0].line
	if len(lines) > 1 || f.torn {
		b = f.join(lines)
		defer giveBack(b)
	}
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

// join returns the lines in one piece, with a line feed before them if the
// file's last line has none.
func (f *file) join(lines []*request) []byte {
	size := 1
	for _, r := range lines {
		size += len(r.line)
	}
	b := borrow(size)
	if f.torn {
		b = append(b, '\n')
	}
	for _, r := range lines {
		b = append(b, r.line...)
	}
	return b
}

// buffer has the memory for a batch, once it was made, unless a Journal uses it.
// It is for the largest batch, and kept for good: while it fills, it never has
// to grow, and in a process that else needs little memory it halves how often
// garbage is collected, which costs more than writing. What of it was never used
// takes no memory of the machine's.
var buffer = func() chan []byte {
	c := make(chan []byte, 1)
	c <- nil
	return c
}()

func borrow(size int) []byte {
	if size > maxBatch+1 {
		return make([]byte, 0, size)
	}
	select {
	case b := <-buffer:
		if b == nil {
			b = make([]byte, 0, maxBatch+1)
		}
		return b[:0]
	default:
		return make([]byte, 0, size)
	}
}

func giveBack(b []byte) {
	if cap(b) == maxBatch+1 {
		select {
		case buffer <- b:
		default:
		}
	}
}

// sync fsyncs the open file. If that fails, the file is condemned, and whoever
// has lines in it that were acknowledged before is told.
func (f *file) sync() error {
	began := time.Now()
	err := f.open.Sync()
	if f.observer != nil {
		f.observer.Synced(time.Since(began))
	}
	if err != nil {
		err = fmt.Errorf("%w of %s: %w", errSync, f.path, err)
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

// isCurrent tells whether path names the open file, by the way by which it was
// opened: a link that leads to the file is not the file.
func (f *file) isCurrent() (bool, error) {
	info, err := f.fs.Lstat(f.target)
	if err == nil && f.target != f.path && os.SameFile(info, f.info) {
		info, err = f.fs.Stat(f.path)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil && os.SameFile(info, f.info), err
}
