package journal

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/files"
)

var errDisk = &fs.PathError{Op: "disk", Path: "sda", Err: syscall.EIO}

// op is an operation of files.FS or files.File.
type op string

const (
	opOpen    op = "open"
	opCreate  op = "create"
	opStat    op = "stat"
	opResolve op = "resolve"
	opMkdir   op = "mkdir"
	opRename  op = "rename"
	opChmod   op = "chmod"
	opReadDir op = "readdir"
	opRemove  op = "remove"
	opSyncDir op = "syncdir"
	opWrite   op = "write"
	opSeek    op = "seek"
	opReadAt  op = "readat"
	opFstat   op = "fstat"
	opSync    op = "sync"
	opClose   op = "close"
)

var allOps = []op{
	opOpen, opCreate, opStat, opResolve, opMkdir, opReadDir, opRename, opChmod, opRemove, opSyncDir,
	opWrite, opSeek, opReadAt, opFstat, opSync, opClose,
}

// call is one operation that was called.
type call struct {
	op   op
	path string // of an open file, the one it was opened with
	size int    // of what is to be written
}

// hook runs something around the operations it is for.
type hook struct {
	op   op     // "" is any
	base string // the last element of the path; "" is any
	nth  int    // of these operations, from 1 on, since the hook was added; 0 is all of them
	upTo int    // up to which one, where that is not nth

	// The error of before is that of the operation, which is not done then, or
	// done in part if it is a shortWrite. The error of after is that of an
	// operation that was done all the same. Both may use the faultFS.
	before, after func() error

	seen int
}

// shortWrite has a write end after n bytes with err, which may be nil.
type shortWrite struct {
	n   int
	err error
}

func (s *shortWrite) Error() string { return fmt.Sprintf("short write: %v", s.err) }

// faultFS is the machine's file system with faults and a record of what was
// called. Instead of the disk's fsync, which is slow, it has a model of what a
// crash would leave: see disk_test.go.
type faultFS struct {
	root     string        // paths are recorded relative to it
	reserves bool          // names have to be reserved, as there is no RenameNew
	ahead    time.Duration // of its clock

	mu         sync.Mutex
	calls      []call
	hooks      []*hook
	descriptor int // how many are open
	disk       disk
	violations []string
}

func newFaultFS(root string) *faultFS {
	return &faultFS{root: root, disk: newDisk(root)}
}

// add adds a hook. It returns what takes it away again.
func (f *faultFS) add(h hook) (remove func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.hooks = append(f.hooks, &h)
	return func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.hooks = slices.DeleteFunc(f.hooks, func(other *hook) bool { return other == &h })
	}
}

// fail has the nth operation of a kind from now on fail, or with 0 each of them.
func (f *faultFS) fail(o op, nth int, err error) (remove func()) {
	return f.add(hook{op: o, nth: nth, before: func() error { return err }})
}

// block stops the next operation of a kind.
func (f *faultFS) block(t testing.TB, o op) *gate {
	g := &gate{reached: make(chan struct{}), outcome: make(chan error, 1)}
	f.add(hook{op: o, nth: 1, before: func() error {
		close(g.reached)
		return <-g.outcome
	}})
	t.Cleanup(func() { g.open(nil) }) // also when the test gives up in between
	return g
}

// gate is where an operation is stopped.
type gate struct {
	reached chan struct{}
	outcome chan error
}

func (g *gate) await(t testing.TB) {
	t.Helper()
	select {
	case <-g.reached:
	case <-time.After(patience):
		t.Fatal("the operation to be stopped has not been called")
	}
}

// open lets the operation go on, or fail with err.
func (g *gate) open(err error) {
	select {
	case g.outcome <- err:
	default:
	}
}

// count returns how often an operation was called.
func (f *faultFS) count(o op) int { return len(f.trace(o)) }

// trace returns the calls of these operations, like "write events.jsonl".
func (f *faultFS) trace(ops ...op) []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var trace []string
	for _, c := range f.calls {
		if slices.Contains(ops, c.op) {
			trace = append(trace, string(c.op)+" "+f.relative(c.path))
		}
	}
	return trace
}

func (f *faultFS) relative(path string) string {
	if rel, err := filepath.Rel(f.root, path); err == nil {
		return filepath.ToSlash(rel)
	}
	return path
}

// writes returns the sizes of the writes.
func (f *faultFS) writes() []int {
	f.mu.Lock()
	defer f.mu.Unlock()
	var sizes []int
	for _, c := range f.calls {
		if c.op == opWrite {
			sizes = append(sizes, c.size)
		}
	}
	return sizes
}

// forget empties the record of calls.
func (f *faultFS) forget() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = nil
}

func (f *faultFS) descriptors() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.descriptor
}

// faults returns what was done that must never be done.
func (f *faultFS) faults() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.violations)
}

// durable returns the lines that a crash would leave, whole, in some file.
func (f *faultFS) durable() map[string]bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.disk.lines()
}

func (f *faultFS) isDurable(line string) bool { return f.durable()[line] }

// moveAway renames a file as somebody else would.
func (f *faultFS) moveAway(oldPath, newPath string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.disk.rename(oldPath, newPath, os.Rename); err != nil {
		return err
	}
	return f.disk.syncDir(filepath.Dir(oldPath))
}

// call records a call and does it, unless a hook has it fail.
func (f *faultFS) call(c call, do func() error) error {
	f.mu.Lock()
	f.calls = append(f.calls, c)
	var hooks []*hook
	for _, h := range f.hooks {
		if (h.op == "" || h.op == c.op) && (h.base == "" || h.base == filepath.Base(c.path)) {
			h.seen++
			if h.nth == 0 || h.nth <= h.seen && h.seen <= max(h.nth, h.upTo) {
				hooks = append(hooks, h)
			}
		}
	}
	f.mu.Unlock()
	for _, h := range hooks {
		if h.before != nil {
			if err := h.before(); err != nil {
				return err
			}
		}
	}
	if err := do(); err != nil {
		return err
	}
	for _, h := range hooks {
		if h.after != nil {
			if err := h.after(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (f *faultFS) Open(name string) (files.File, error) {
	return f.opened(call{op: opOpen, path: name}, func() (files.File, error) { return files.OS{}.Open(name) })
}

func (f *faultFS) Create(name string, mode fs.FileMode) (files.File, error) {
	return f.opened(call{op: opCreate, path: name}, func() (files.File, error) {
		file, err := files.OS{}.Create(name, mode)
		if err == nil {
			f.disk.create(name)
		}
		return file, err
	})
}

func (f *faultFS) opened(c call, open func() (files.File, error)) (files.File, error) {
	var opened *faultFile
	err := f.call(c, func() error {
		f.mu.Lock()
		defer f.mu.Unlock()
		file, err := open()
		if err != nil {
			return err
		}
		opened = &faultFile{real: file, fs: f, path: c.path, inode: f.disk.inode(c.path)}
		opened.errors = opened.inode.errors
		f.descriptor++
		return nil
	})
	if err != nil && opened != nil { // by a hook, afterwards
		_ = opened.Close()
	}
	if err != nil {
		return nil, err
	}
	return opened, nil
}

func (f *faultFS) Stat(name string) (info fs.FileInfo, err error) {
	err = f.call(call{op: opStat, path: name}, func() (err error) {
		info, err = files.OS{}.Stat(name)
		return err
	})
	return info, err
}

func (f *faultFS) Lstat(name string) (info fs.FileInfo, err error) {
	err = f.call(call{op: opStat, path: name}, func() (err error) {
		info, err = files.OS{}.Lstat(name)
		return err
	})
	return info, err
}

func (f *faultFS) Resolve(name string) (resolved string, err error) {
	err = f.call(call{op: opResolve, path: name}, func() (err error) {
		resolved, err = files.OS{}.Resolve(name)
		return err
	})
	return resolved, err
}

func (f *faultFS) Mkdir(name string, mode fs.FileMode) error {
	return f.changing(call{op: opMkdir, path: name}, func() error {
		err := files.OS{}.Mkdir(name, mode)
		if err == nil {
			f.disk.create(name)
		}
		return err
	})
}

func (f *faultFS) Rename(oldName, newName string) error {
	return f.changing(call{op: opRename, path: oldName}, func() error {
		return f.disk.rename(oldName, newName, files.OS{}.Rename)
	})
}

func (f *faultFS) RenameNew(oldName, newName string) error {
	if f.reserves {
		return errors.ErrUnsupported
	}
	return f.changing(call{op: opRename, path: oldName}, func() error {
		return f.disk.rename(oldName, newName, renameNewAnywhere)
	})
}

// renameNewAnywhere is RenameNew where nobody else renames to that name.
func renameNewAnywhere(oldName, newName string) error {
	err := files.OS{}.RenameNew(oldName, newName)
	if !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	if _, err := os.Lstat(newName); err == nil {
		return fs.ErrExist
	}
	return os.Rename(oldName, newName)
}

func (f *faultFS) Chmod(name string, mode fs.FileMode) error {
	return f.call(call{op: opChmod, path: name}, func() error { return files.OS{}.Chmod(name, mode) })
}

func (f *faultFS) Remove(name string) error {
	return f.changing(call{op: opRemove, path: name}, func() error {
		err := files.OS{}.Remove(name)
		if err == nil {
			f.disk.remove(name)
		}
		return err
	})
}

func (f *faultFS) SyncDir(name string) error {
	err := f.changing(call{op: opSyncDir, path: name}, func() error { return f.disk.syncDir(name) })
	if err != nil {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.disk.syncDirFailed(name)
	}
	return err
}

// changing does a change of a directory as one with that of the model.
func (f *faultFS) changing(c call, do func() error) error {
	return f.call(c, func() error {
		f.mu.Lock()
		defer f.mu.Unlock()
		return do()
	})
}

type faultFile struct {
	real  files.File
	fs    *faultFS
	path  string
	inode *inode

	errors int  // how many failed fsyncs of the inode this descriptor knows of
	failed bool // an fsync of this descriptor failed
	closed bool
}

func (f *faultFile) Write(b []byte) (n int, err error) {
	f.mustBeUsable(opWrite)
	err = f.fs.call(call{op: opWrite, path: f.path, size: len(b)}, func() (err error) {
		n, err = f.real.Write(b)
		return err
	})
	var short *shortWrite
	if errors.As(err, &short) {
		n, _ = f.real.Write(b[:short.n])
		return n, short.err
	}
	return n, err
}

func (f *faultFile) Seek(offset int64, whence int) (n int64, err error) {
	err = f.fs.call(call{op: opSeek, path: f.path}, func() (err error) {
		n, err = f.real.Seek(offset, whence)
		return err
	})
	return n, err
}

func (f *faultFile) ReadAt(b []byte, offset int64) (n int, err error) {
	err = f.fs.call(call{op: opReadAt, path: f.path}, func() (err error) {
		n, err = f.real.ReadAt(b, offset)
		return err
	})
	return n, err
}

func (f *faultFile) Stat() (info fs.FileInfo, err error) {
	err = f.fs.call(call{op: opFstat, path: f.path}, func() (err error) {
		info, err = f.real.Stat()
		return err
	})
	return info, err
}

// Sync, like that of Linux, tells each descriptor once of each failure.
func (f *faultFile) Sync() error {
	f.mustBeUsable(opSync)
	info, err := f.real.Stat() // what is written while fsync runs it need not cover
	if err != nil {
		return err
	}
	err = f.fs.call(call{op: opSync, path: f.path}, func() error { return nil })
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	if err == nil && f.errors < f.inode.errors {
		f.errors, f.failed = f.inode.errors, true
		return errDisk
	}
	if err != nil {
		f.inode.syncFailed(info.Size())
		f.errors, f.failed = f.inode.errors, true
		return err
	}
	f.inode.sync(info.Size())
	return nil
}

func (f *faultFile) Close() error {
	f.fs.mu.Lock()
	if f.closed {
		f.fs.violations = append(f.fs.violations, "a descriptor is closed twice")
	}
	f.closed = true
	f.fs.descriptor--
	f.fs.mu.Unlock()
	// Also a close that fails gives the descriptor back.
	realErr := f.real.Close()
	return f.fs.call(call{op: opClose, path: f.path}, func() error { return realErr })
}

// mustBeUsable records the misuse of what an fsync failed for.
func (f *faultFile) mustBeUsable(o op) {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	if f.closed {
		f.fs.violations = append(f.fs.violations, string(o)+" of a closed descriptor")
	}
	if f.failed {
		f.fs.violations = append(f.fs.violations, string(o)+" of a descriptor whose fsync failed")
	}
	if f.inode.errors > 0 && !f.fs.disk.shared {
		f.fs.violations = append(f.fs.violations, string(o)+" of a file whose fsync failed")
	}
}

func (f *faultFS) ReadDir(name string) (names []string, err error) {
	err = f.call(call{op: opReadDir, path: name}, func() error {
		names, err = files.OS{}.ReadDir(name)
		return err
	})
	return names, err
}

func (f *faultFS) Now() time.Time { return files.OS{}.Now().Add(f.ahead) }
