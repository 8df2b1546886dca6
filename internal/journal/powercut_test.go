package journal

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/files"
)

var powerCuts = flag.Int("powercuts", 1500, "how many times the power is cut")

// The power is cut, or the process killed, at a random operation, again and
// again, each time under load and with rotation and compression on. What was
// acknowledged is there ever after.
func TestPowerCuts(t *testing.T) {
	skipWhereOpenFilesCannotBeRenamed(t)
	seed := rand.Uint64()
	cuts, lost := cutPower(t, powerFaults{}, seed, *powerCuts)
	if lost != nil {
		t.Errorf("seed %d: after %d power cuts: %v", seed, cuts, lost)
	}
	t.Logf("%d power cuts", cuts)
}

// The same fails where an fsync is left out, or that of the directory is.
func TestPowerCutsAreNoticed(t *testing.T) {
	skipWhereOpenFilesCannotBeRenamed(t)
	for name, without := range map[string]powerFaults{
		"without fsync":                  {noSync: true},
		"without fsync of the directory": {noSyncDir: true},
	} {
		t.Run(name, func(t *testing.T) {
			cuts, lost := cutPower(t, without, rand.Uint64(), 200)
			if lost == nil {
				t.Errorf("nothing is lost in %d power cuts", cuts)
			}
			t.Logf("after %d power cuts: %v", cuts, lost)
		})
	}
}

// cutPower returns an error if an acknowledged line is lost, and after how many
// power cuts.
func cutPower(t *testing.T, faults powerFaults, seed uint64, cuts int) (int, error) {
	rng := rand.New(rand.NewPCG(seed, 0))
	dir := t.TempDir()
	p := newPowerFS(t, filepath.Join(dir, "0"), faults)
	for cut := range cuts {
		p.left, p.off, p.reserves = 1+rng.IntN(120), false, rng.IntN(2) == 0
		p.run(cut, rng)
		switch after := p; {
		case rng.IntN(10) == 0: // with an empty disk, as it gets full
			after.end()
			p = newPowerFS(t, filepath.Join(dir, strconv.Itoa(cut+1)), faults)
			continue
		case rng.IntN(4) > 0: // otherwise just the process was killed
			p = newPowerFS(t, filepath.Join(dir, strconv.Itoa(cut+1)), faults)
			after.restore(p, rng)
			after.end()
		}
		lines := linesBelow(t, p.root)
		for line := range p.acked {
			if lines[line] == 0 {
				return cut + 1, fmt.Errorf("%q was acknowledged and is gone", line)
			}
		}
	}
	p.end()
	return cuts, nil
}

// powerFS is the machine's file system until its power is cut, and then what is
// left of it: of a file what was fsynced and anything of the rest, of a
// directory what was fsynced and any of the later changes that do not build
// upon one that is lost.
type powerFS struct {
	powerFaults
	t    testing.TB
	root string
	mu   sync.Mutex
	left int  // operations until the power is cut
	off  bool // it is

	reserves bool // names have to be reserved, as there is no RenameNew

	now     map[string]*node
	durable map[string]*node
	changes map[string][]map[string]*node // of a directory since its last fsync; nil for what is removed
	acked   map[string]bool               // the lines acknowledged while there was power
}

// powerFaults are what an operation leaves out, though it says that it did it.
type powerFaults struct{ noSync, noSyncDir bool }

// node is a directory or a file.
type node struct {
	mode   fs.FileMode
	file   *os.File // nil for a directory; has the content, also when there is no name any more
	synced int64
}

var errPower = errors.New("there is no power")

func newPowerFS(t testing.TB, root string, faults powerFaults) *powerFS {
	t.Helper()
	if err := os.Mkdir(root, 0o700); err != nil {
		t.Fatal(err)
	}
	return &powerFS{
		powerFaults: faults, t: t, root: root,
		now: map[string]*node{}, durable: map[string]*node{}, changes: map[string][]map[string]*node{},
		acked: map[string]bool{},
	}
}

// run appends lines until the power is cut.
func (p *powerFS) run(cut int, rng *rand.Rand) {
	path := filepath.Join(p.root, "a", "events.jsonl")
	j := New(path, p)
	o := rotating(Rotation{
		Size:        []int64{0, 40, 200}[rng.IntN(3)],
		Compression: []files.Compression{"", files.Gzip, files.Zstd}[rng.IntN(3)],
	})
	never := *o
	never.Sync = SyncNever
	var senders sync.WaitGroup
	for sender := range 4 {
		senders.Add(1)
		go func() {
			defer senders.Done()
			for i := 0; p.hasPower(); i++ {
				line := fmt.Sprintf("%d-%d-%d\n", cut, sender, i)
				if sender == 0 {
					_ = j.Append(context.Background(), []byte(line), &never)
				} else if err := j.Append(context.Background(), []byte(line), o); err == nil {
					p.ack(line)
				} else if !errors.Is(err, errPower) {
					p.t.Error(err)
				}
				if sender == 1 && i%5 == 4 { // somebody else, who fsyncs nothing
					_ = p.Rename(path, fmt.Sprintf("%s.%d-%d", path, cut, i))
				}
			}
		}()
	}
	senders.Wait()
	_ = j.Close(context.Background())
	awaitIdle(p.t, j)
}

func (p *powerFS) hasPower() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return !p.off
}

func (p *powerFS) ack(line string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.off {
		p.acked[line] = true
	}
}

// restore leaves on the other one's disk what this one's power cut has left.
func (p *powerFS) restore(other *powerFS, rng *rand.Rand) {
	other.acked = p.acked
	left := maps.Clone(p.durable)
	share := []float64{0, 0.5, 0.9, 1}[rng.IntN(4)] // of the changes
	for _, dir := range sortedKeys(p.changes) {
		undone := map[string]bool{}
		for _, change := range p.changes[dir] {
			done := rng.Float64() < share
			for path := range change {
				done = done && !undone[path]
			}
			for path, n := range change {
				if undone[path] = !done; done {
					left[path] = n
				}
			}
		}
	}
	for _, path := range sortedKeys(left) { // directories before what is in them
		n := left[path]
		relative, _ := filepath.Rel(p.root, path)
		target := filepath.Join(other.root, relative)
		if _, err := os.Stat(filepath.Dir(target)); n == nil || err != nil {
			continue
		}
		restored := &node{mode: n.mode}
		var err error
		if n.file == nil {
			err = os.Mkdir(target, n.mode)
		} else {
			content := n.remains(p.t, rng)
			restored.synced = int64(len(content))
			if err = os.WriteFile(target, content, n.mode); err == nil {
				restored.file, err = os.Open(target)
			}
		}
		if err != nil {
			p.t.Fatal(err)
		}
		other.now[target], other.durable[target] = restored, restored
	}
}

// remains is what is left of a file: what was not fsynced may be there, or cut
// off, or in part be zeros.
func (n *node) remains(t testing.TB, rng *rand.Rand) []byte {
	info, err := n.file.Stat()
	if err != nil {
		t.Fatal(err)
	}
	content := make([]byte, info.Size())
	if _, err := n.file.ReadAt(content, 0); err != nil && !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	rest := content[n.synced:]
	rest = rest[:rng.IntN(len(rest)+1)]
	if rng.IntN(3) == 0 {
		clear(rest[rng.IntN(len(rest)+1):])
	}
	return content[:int(n.synced)+len(rest)]
}

func sortedKeys[V any](m map[string]V) []string {
	var keys []string
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

func (p *powerFS) end() {
	for _, nodes := range []map[string]*node{p.now, p.durable} {
		for _, n := range nodes {
			if n != nil && n.file != nil {
				_ = n.file.Close()
			}
		}
	}
	if err := os.RemoveAll(p.root); err != nil {
		p.t.Fatal(err)
	}
}

// do does an operation while there is power.
func (p *powerFS) do(operation func() error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.left--
	if p.off = p.off || p.left <= 0; p.off {
		return errPower
	}
	return operation()
}

// change notes what a directory's entries have become.
func (p *powerFS) change(dir string, entries map[string]*node) {
	for path, n := range entries {
		p.now[path] = n
		if n == nil {
			delete(p.now, path)
		}
	}
	p.changes[dir] = append(p.changes[dir], entries)
}

func (p *powerFS) Open(name string) (files.File, error) {
	return p.open(func() (files.File, error) { return files.OS{}.Open(name) }, func() (*node, error) { return p.now[name], nil })
}

func (p *powerFS) Create(name string, mode fs.FileMode) (files.File, error) {
	return p.open(func() (files.File, error) { return files.OS{}.Create(name, mode) }, func() (*node, error) {
		file, err := os.Open(name)
		n := &node{mode: mode, file: file}
		p.change(filepath.Dir(name), map[string]*node{name: n})
		return n, err
	})
}

func (p *powerFS) open(open func() (files.File, error), find func() (*node, error)) (files.File, error) {
	opened := &powerFile{p: p}
	err := p.do(func() (err error) {
		if opened.File, err = open(); err == nil {
			opened.node, err = find()
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return opened, nil
}

func (p *powerFS) Stat(name string) (info fs.FileInfo, err error) {
	err = p.do(func() (err error) { info, err = files.OS{}.Stat(name); return err })
	return info, err
}

func (p *powerFS) Lstat(name string) (info fs.FileInfo, err error) {
	err = p.do(func() (err error) { info, err = files.OS{}.Lstat(name); return err })
	return info, err
}

func (p *powerFS) Resolve(name string) (string, error) { return files.OS{}.Resolve(name) }

func (p *powerFS) ReadDir(name string) (names []string, err error) {
	err = p.do(func() (err error) { names, err = files.OS{}.ReadDir(name); return err })
	return names, err
}

func (p *powerFS) Now() time.Time { return time.Now() }

func (p *powerFS) Mkdir(name string, mode fs.FileMode) error {
	return p.do(func() error {
		err := files.OS{}.Mkdir(name, mode)
		if err == nil {
			p.change(filepath.Dir(name), map[string]*node{name: {mode: mode}})
		}
		return err
	})
}

func (p *powerFS) Rename(oldName, newName string) error {
	return p.rename(oldName, newName, os.Rename)
}

func (p *powerFS) RenameNew(oldName, newName string) error {
	if p.reserves {
		return errors.ErrUnsupported
	}
	return p.rename(oldName, newName, renameNewAnywhere)
}

func (p *powerFS) rename(oldName, newName string, rename func(oldName, newName string) error) error {
	return p.do(func() error {
		n := p.now[oldName]
		err := rename(oldName, newName)
		if err == nil {
			p.change(filepath.Dir(oldName), map[string]*node{oldName: nil, newName: n})
		}
		return err
	})
}

func (p *powerFS) Chmod(name string, mode fs.FileMode) error {
	return p.do(func() error { return os.Chmod(name, mode) })
}

func (p *powerFS) Remove(name string) error {
	return p.do(func() error {
		err := files.OS{}.Remove(name)
		if err == nil {
			p.change(filepath.Dir(name), map[string]*node{name: nil})
		}
		return err
	})
}

func (p *powerFS) SyncDir(name string) error {
	return p.do(func() error {
		if p.noSyncDir {
			return nil
		}
		for _, change := range p.changes[name] {
			maps.Copy(p.durable, change)
		}
		delete(p.changes, name)
		return nil
	})
}

// powerFile is an open file; what only reads of it goes on without power.
type powerFile struct {
	files.File
	p    *powerFS
	node *node
}

func (f *powerFile) Write(b []byte) (n int, err error) {
	err = f.p.do(func() (err error) { n, err = f.File.Write(b); return err })
	return n, err
}

func (f *powerFile) Sync() error {
	return f.p.do(func() error {
		info, err := f.File.Stat()
		if err == nil && !f.p.noSync {
			f.node.synced = info.Size()
		}
		return err
	})
}
