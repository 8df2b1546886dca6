package files

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
)

// patience is how long a test waits for what must happen soon.
const patience = 10 * time.Second

var errDisk = &fs.PathError{Op: "disk", Path: "sda", Err: syscall.EIO}

// op is an operation of FS.
type op string

const (
	opCreate  op = "create"
	opStat    op = "stat"
	opRename  op = "rename"
	opReadDir op = "readdir"
	opRemove  op = "remove"
	opSyncDir op = "syncdir"
)

// hook runs something before or after the nth operation of a kind, or any with 0,
// of a file of that name, or any with "". Its error is that of the operation.
type hook struct {
	op            op
	base          string
	nth           int
	before, after func() error

	seen int
}

// faultFS is the machine's file system with faults and a record of what was
// called.
type faultFS struct {
	OS
	root     string
	reserves bool // names have to be reserved, as there is no RenameNew

	mu    sync.Mutex
	calls []string
	hooks []*hook
	open  int // how many files are
}

func newFaultFS(t testing.TB) *faultFS {
	t.Helper()
	fsys := &faultFS{root: t.TempDir()}
	t.Cleanup(func() {
		if fsys.open > 0 {
			t.Errorf("%d descriptors open", fsys.open)
		}
	})
	return fsys
}

func (f *faultFS) add(h hook) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.hooks = append(f.hooks, &h)
}

// count returns how often an operation was called.
func (f *faultFS) count(o op) int { return len(f.trace(o)) }

// trace returns the calls of these operations, like "rename events.jsonl".
func (f *faultFS) trace(ops ...op) (trace []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range f.calls {
		if kind, _, _ := strings.Cut(c, " "); slices.Contains(ops, op(kind)) {
			trace = append(trace, c)
		}
	}
	return trace
}

// forget empties the record of calls.
func (f *faultFS) forget() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = nil
}

func (f *faultFS) call(o op, name string, do func() error) error {
	f.mu.Lock()
	f.calls = append(f.calls, string(o)+" "+filepath.Base(name))
	var hooks []*hook
	for _, h := range f.hooks {
		if h.op == o && (h.base == "" || h.base == filepath.Base(name)) {
			if h.seen++; h.nth == 0 || h.nth == h.seen {
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

func (f *faultFS) Open(name string) (File, error) { return f.opened(f.OS.Open(name)) }

func (f *faultFS) Create(name string, mode fs.FileMode) (file File, err error) {
	err = f.call(opCreate, name, func() (err error) {
		file, err = f.opened(f.OS.Create(name, mode))
		return err
	})
	return file, err
}

func (f *faultFS) opened(file File, err error) (File, error) {
	if err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.open++
	return &faultFile{file, f}, nil
}

func (f *faultFS) Stat(name string) (info fs.FileInfo, err error) {
	err = f.call(opStat, name, func() (err error) {
		info, err = f.OS.Stat(name)
		return err
	})
	return info, err
}

func (f *faultFS) ReadDir(name string) (names []string, err error) {
	err = f.call(opReadDir, name, func() (err error) {
		names, err = f.OS.ReadDir(name)
		return err
	})
	return names, err
}

func (f *faultFS) Rename(oldName, newName string) error {
	return f.call(opRename, oldName, func() error { return f.OS.Rename(oldName, newName) })
}

func (f *faultFS) RenameNew(oldName, newName string) error {
	if f.reserves {
		return errors.ErrUnsupported
	}
	return f.call(opRename, oldName, func() error { return renameNewAnywhere(oldName, newName) })
}

// renameNewAnywhere is RenameNew where nobody else renames to that name.
func renameNewAnywhere(oldName, newName string) error {
	err := OS{}.RenameNew(oldName, newName)
	if !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	if _, err := os.Lstat(newName); err == nil {
		return fs.ErrExist
	}
	return os.Rename(oldName, newName)
}

func (f *faultFS) Remove(name string) error {
	return f.call(opRemove, name, func() error { return f.OS.Remove(name) })
}

// SyncDir does not wait for the disk.
func (f *faultFS) SyncDir(name string) error {
	return f.call(opSyncDir, name, func() error {
		_, err := os.Stat(name)
		return err
	})
}

type faultFile struct {
	File
	fs *faultFS
}

func (f *faultFile) Sync() error { return nil }

func (f *faultFile) Close() error {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	f.fs.open--
	return f.File.Close()
}

// newKeeper returns the keeper of events.jsonl in a directory of its own.
func newKeeper(t testing.TB) (*Keeper, *faultFS) {
	t.Helper()
	fsys := newFaultFS(t)
	k := NewKeeper(fsys, filepath.Join(fsys.root, "events.jsonl"))
	t.Cleanup(func() { awaitIdle(t, k) })
	return k, fsys
}

// keeperWith is another one, with one user.
func keeperWith(fsys FS, dir string, w Wishes) *Keeper {
	k := NewKeeper(fsys, filepath.Join(dir, "events.jsonl"))
	k.Register("user", w)
	return k
}

func awaitIdle(t testing.TB, k *Keeper) {
	t.Helper()
	eventually(t, "the keeper is idle", func() bool { return !k.Works() })
}

func eventually(t testing.TB, what string, happens func() bool) {
	t.Helper()
	end := time.Now().Add(patience)
	for tries := 0; !happens(); tries++ {
		if tries < 1000 {
			runtime.Gosched()
			continue
		}
		if time.Now().After(end) {
			t.Fatalf("waited in vain until %s", what)
		}
		time.Sleep(50 * time.Microsecond)
	}
}

// failing returns what a hook does to fail with err.
func failing(err error) func() error { return func() error { return err } }

// writeRotated makes a file that was rotated that long ago.
func writeRotated(t testing.TB, k *Keeper, ago time.Duration, content string) (path string) {
	t.Helper()
	path = RotatedName(k.path, time.Now().Add(-ago))
	write(t, path, content)
	age(t, path, ago)
	return path
}

// age has a file be written that long ago.
func age(t testing.TB, path string, ago time.Duration) {
	t.Helper()
	at := time.Now().Add(-ago)
	if err := os.Chtimes(path, at, at); err != nil {
		t.Fatal(err)
	}
}

func write(t testing.TB, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Error(err)
	}
}

func read(t testing.TB, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func names(t testing.TB, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}

// contents returns what is in the files in dir, in the order of their names.
func contents(t testing.TB, dir string) (all []string) {
	t.Helper()
	for _, name := range names(t, dir) {
		all = append(all, read(t, filepath.Join(dir, name)))
	}
	return all
}

// linesIn returns how often each line is, whole, in the files in dir.
func linesIn(t testing.TB, dir string) map[string]int {
	t.Helper()
	lines := map[string]int{}
	for _, name := range names(t, dir) {
		path := filepath.Join(dir, name)
		for _, line := range strings.SplitAfter(decompressed(path, read(t, path)), "\n") {
			lines[line]++
		}
	}
	maps.DeleteFunc(lines, func(line string, _ int) bool { return !strings.HasSuffix(line, "\n") })
	return lines
}

func decompressed(path, content string) string {
	var r io.Reader = strings.NewReader(content)
	var err error
	switch compressionOf(path) {
	case Gzip:
		r, err = gzip.NewReader(r)
	case Zstd:
		r, err = zstd.NewReader(r)
	}
	if err != nil {
		return ""
	}
	plain, err := io.ReadAll(r)
	if err != nil {
		return ""
	}
	return string(plain)
}

func gzipped(t testing.TB, content string) string {
	t.Helper()
	var b bytes.Buffer
	if err := compressTo(&b, strings.NewReader(content), Gzip); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func sameElements(a, b []string) bool {
	a, b = slices.Clone(a), slices.Clone(b)
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(a, b)
}

func skipWhereOpenFilesCannotBeRenamed(t *testing.T) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("an open file cannot be renamed here")
	}
}
