package journal

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/files"
)

const (
	// reopenPause is how long nothing is tried after a failed fsync.
	reopenPause = time.Second

	// maxRewrites bounds how often one batch is written again because others
	// keep on changing the file meanwhile.
	maxRewrites = 100
)

// file is the file of a Journal, which is another one after each rotation. Its
// methods are called by one goroutine at a time.
type file struct {
	fs       files.FS
	path     string
	observer *Observer // may be nil

	open      *openFile      // nil while no file is open
	condemned *condemnedFile // nil while none is
	backoff   backoff

	settingAside func(fs.FileInfo) (done func()) // the keeper's

	unsyncedEntry bool        // this journal created the file, and its directory has not been fsynced since
	unsyncedDir   fs.FileInfo // made by this journal, while the fsync of its parent failed

	durable durable // for those who read what is stored

	namer         files.Namer // of rotated files
	keeperDue     bool        // files came to be, or may have, that the keeper should look at
	rotationAgain time.Time   // after a failed one

	lost error // of an fsync that failed after lines had been acknowledged
}

// backoff is why, after a failed fsync, nothing is tried for a while. It is zero
// once something has been stored since.
type backoff struct {
	cause   error
	retryAt time.Time
}

func (f *file) backOff(cause error) { f.backoff = backoff{cause, time.Now().Add(reopenPause)} }

// commit commits a batch. err is the outcome for its lines, lost that for its
// wishes for an fsync.
func (f *file) commit(batch []*request, users []*Options) (err, lost error) {
	lines := slices.DeleteFunc(slices.Clone(batch), func(r *request) bool { return r.line == nil })
	if len(lines) > 0 {
		err = f.store(lines, users)
	}
	if len(lines) < len(batch) && f.hasDeferred() {
		_ = f.sync() // a failure is remembered
	}
	if slices.ContainsFunc(batch, func(r *request) bool { return r.line == nil && r.done != nil }) {
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
	needsSync := slices.ContainsFunc(lines, (*request).needsSync)
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
		if needsSync {
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
			f.acknowledge(lines, needsSync)
			return nil
		}
	}
	return fmt.Errorf("%s: others keep changing the file", f.path)
}

func (f *file) acknowledge(lines []*request, synced bool) {
	f.open.acked = true
	f.open.lastWrite = time.Now()
	f.backoff = backoff{}
	f.durable.appended()
	if f.observer != nil {
		f.observer.Committed(len(lines))
	}
	if synced {
		return
	}
	for _, r := range lines {
		f.open.deferred[r.options] = struct{}{}
	}
}

// write appends the lines in one write. intact is false if it has to be
// written again, as the file ended with somebody else's torn line.
func (f *file) write(lines []*request) (intact bool, err error) {
	o := f.open
	b := lines[0].line
	if len(lines) > 1 || o.torn {
		memory := takeBuffer()
		defer giveBuffer(memory)
		b = join(memory, lines, o.torn)
	}
	n, err := o.Write(b)
	o.written += int64(n)
	if err == nil && n < len(b) {
		err = io.ErrShortWrite
	}
	end := int64(0)
	if err == nil {
		end, err = o.Seek(0, io.SeekCurrent)
	}
	if err != nil {
		// What was written of it stays; opening the file again heals its tail.
		f.close()
		return false, fmt.Errorf("writing to %s: %w", f.path, err)
	}
	start, expected := end-int64(n), o.size
	o.size, o.torn = end, false
	if start == expected {
		return true, nil
	}
	torn, err := o.isTorn(start)
	if err != nil {
		f.close()
		return false, err
	}
	return !torn, nil
}

// join returns the lines in one piece, in that memory if there is enough, with a
// line feed before them if the file's last line is torn.
func join(b []byte, lines []*request, torn bool) []byte {
	size := 1
	for _, r := range lines {
		size += len(r.line)
	}
	b = slices.Grow(b, size)
	if torn {
		b = append(b, '\n')
	}
	for _, r := range lines {
		b = append(b, r.line...)
	}
	return b
}

// buffers have the memory for the batches of as many Journals as write at the same time,
// mostly. They are made at the first batch, each for the largest, and kept for good: while
// one fills, it never has to grow; and in a process that else needs little memory they have
// garbage collected a third as often, which costs more than writing. What of them was
// never used takes no memory of the machine's.
var buffers = struct {
	make sync.Once
	free chan []byte
}{free: make(chan []byte, 3)}

// takeBuffer returns one of the buffers, or nil if all are in use.
func takeBuffer() []byte {
	buffers.make.Do(func() {
		for range cap(buffers.free) {
			buffers.free <- make([]byte, 0, maxBatch+1)
		}
	})
	select {
	case b := <-buffers.free:
		return b
	default:
		return nil
	}
}

func giveBuffer(b []byte) {
	if b != nil {
		buffers.free <- b
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
	if err == nil {
		clear(f.open.deferred)
		f.durable.synced(f.open.info, f.open.size)
		return nil
	}
	err = fmt.Errorf("%w of %s: %w", errSync, f.path, err)
	f.backOff(err)
	removeUpTo := int64(-1)
	if f.open.created && !f.open.acked {
		removeUpTo = f.open.written
	}
	deferred := f.open.deferred
	f.condemn(removeUpTo)
	for o := range deferred {
		f.lost = err
		if o.SyncFailed != nil {
			o.SyncFailed(err)
		}
	}
	return err
}

func (f *file) hasDeferred() bool { return f.open != nil && len(f.open.deferred) > 0 }

// close closes the open file, if any, after the fsync that lines in it wait for.
func (f *file) close() {
	if f.hasDeferred() {
		_ = f.sync() // a failure condemns the file, and is remembered
	}
	if f.open != nil {
		f.durable.closed(f.open.info, false)
		_ = f.open.Close()
		f.open = nil
	}
}

// isCurrent tells whether path names the open file, by the way by which it was
// opened: a link that leads to the file is not the file.
func (f *file) isCurrent() (bool, error) {
	current, err := isNamed(f.fs.Lstat, f.open.target, f.open.info)
	if current && f.open.target != f.path {
		return isNamed(f.fs.Stat, f.path, f.open.info)
	}
	return current, err
}

func isNamed(stat func(string) (fs.FileInfo, error), name string, file fs.FileInfo) (bool, error) {
	info, err := stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil && os.SameFile(info, file), err
}
