package deliver

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/files"
)

var powerCuts = flag.Int("powercuts", 200, "how many times the power is cut")

// TestPowerCutsOfDeadLetters cuts the power at a random operation, again and again: what was added is
// there ever after, be it among those that are sent again.
func TestPowerCutsOfDeadLetters(t *testing.T) {
	seed := rand.Uint64()
	n, err := cutPower(t, *powerCuts, seed, &powerFS{})
	if err != nil {
		t.Errorf("seed %d, after %d power cuts: %v", seed, n, err)
	}
	t.Logf("%d power cuts", n)
}

// TestPowerCutsOfDeadLettersAreNoticed where an fsync is left out, or that of the directory is.
func TestPowerCutsOfDeadLettersAreNoticed(t *testing.T) {
	for name, without := range map[string]*powerFS{"fsync": {noSync: true}, "fsync of the directory": {noSyncDir: true}} {
		n, err := cutPower(t, 200, rand.Uint64(), without)
		if err == nil {
			t.Errorf("without %s nothing is lost in %d power cuts", name, n)
		}
		t.Logf("without %s, after %d power cuts: %v", name, n, err)
	}
}

// cutPower returns an error if a dead letter is lost, and after how many power cuts.
func cutPower(t *testing.T, cuts int, seed uint64, p *powerFS) (int, error) {
	p.rng = rand.New(rand.NewPCG(seed, 0))
	long := time.Now().Add(-time.Hour)
	want, old := map[string]bool{}, map[string]bool{}
	for cut := range cuts + 1 {
		dir := filepath.Join(t.TempDir(), "disk")
		p.restore(dir)
		path := filepath.Join(dir, "events.jsonl")
		shop, desk := newDeadLetters(path, "shop", "app", 0o600, 0o700), newDeadLetters(path, "desk", "app", 0o600, 0o700)
		shop.fs, desk.fs = p, p
		there := append(idsIn(t, shop.path), idsIn(t, shop.retrying)...)
		for id := range want {
			if !slices.Contains(there, id) {
				return cut, fmt.Errorf("%s is lost", id)
			}
		}
		if cut%10 == 0 { // an empty disk
			p.now = nil
			p.restore(dir)
			clear(want)
		}
		for i := 0; !p.off; i++ {
			d, id, at := shop, fmt.Sprintf("%d-%d", cut, i), time.Now()
			var err error
			switch p.rng.IntN(10) {
			case 0:
				_, err = shop.retry()
			case 1:
				maps.DeleteFunc(want, func(id string, _ bool) bool { return old[id] })
				_, err = shop.expire(long.Add(time.Minute))
			case 2, 3:
				d = desk
				fallthrough
			default:
				if d == shop && p.rng.IntN(4) == 0 {
					at, old[id] = long, true
				}
				if err = d.add(deadLine(id, d.receiver, at), "refused", 1); err == nil {
					want[id] = true
				}
			}
			if err != nil && !errors.Is(err, errPower) {
				return cut, err
			}
		}
		p.lose()
		if err := os.RemoveAll(dir); err != nil {
			return cut, err
		}
	}
	return cuts, nil
}

// powerFS is the machine's file system until its power is cut, and then a model of what is left of
// it: of a file what was fsynced and any part of the rest, of the directory what was fsynced and any of the later changes
// that do not build upon one that is lost.
type powerFS struct {
	files.OS
	noSync, noSyncDir bool // what it leaves out
	rng               *rand.Rand
	left              int  // operations until the power is cut
	off               bool // it is

	now, durable map[string]*inode
	changes      []map[string]*inode // since the fsync of the directory; nil for what is removed
}

type inode struct {
	content []byte
	synced  int
}

var errPower = errors.New("there is no power")

// step returns whether an operation is done, and its error.
func (p *powerFS) step() (bool, error) {
	if p.off {
		return false, errPower
	}
	if p.left--; p.left <= 0 {
		p.off = true
		return p.rng.IntN(2) == 0, errPower
	}
	return true, nil
}

// lose has only that be there which the power cut leaves.
func (p *powerFS) lose() {
	left, undone := maps.Clone(p.durable), map[string]bool{}
	share := []float64{0, 0.5, 0.9, 1}[p.rng.IntN(4)]
	for _, change := range p.changes {
		done := p.rng.Float64() < share
		for name := range change {
			done = done && !undone[name]
		}
		for name, n := range change {
			if undone[name] = !done; done {
				left[name] = n
			}
		}
	}
	maps.DeleteFunc(left, func(_ string, n *inode) bool { return n == nil })
	for _, n := range left {
		n.content = n.content[:n.synced+p.rng.IntN(len(n.content)-n.synced+1)]
		if p.rng.IntN(3) == 0 {
			clear(n.content[n.synced:]) // the size was written, the rest was not
		}
	}
	p.now = left
}

// restore has what is there be in a directory, and nothing else, durably, and switches the power on.
func (p *powerFS) restore(dir string) {
	p.left, p.off = 1+p.rng.IntN(60), false
	if err := errors.Join(os.RemoveAll(dir), os.Mkdir(dir, 0o700)); err != nil {
		panic(err)
	}
	for name, n := range p.now {
		if err := os.WriteFile(filepath.Join(dir, name), n.content, 0o600); err != nil {
			panic(err)
		}
		n.synced = len(n.content)
	}
	if p.now == nil {
		p.now = map[string]*inode{}
	}
	p.durable, p.changes = maps.Clone(p.now), nil
}

func (p *powerFS) change(c map[string]*inode) {
	for name, n := range c {
		if p.now[name] = n; n == nil {
			delete(p.now, name)
		}
	}
	p.changes = append(p.changes, c)
}

func (p *powerFS) Open(name string) (files.File, error) {
	return p.opened(name, func() (files.File, error) { return p.OS.Open(name) })
}

func (p *powerFS) Create(name string, mode fs.FileMode) (files.File, error) {
	return p.opened(name, func() (files.File, error) {
		f, err := p.OS.Create(name, mode)
		if err == nil {
			p.change(map[string]*inode{filepath.Base(name): {}})
		}
		return f, err
	})
}

func (p *powerFS) opened(name string, open func() (files.File, error)) (files.File, error) {
	if _, err := p.step(); err != nil {
		return nil, err
	}
	f, err := open()
	if err != nil {
		return nil, err
	}
	return &powerFile{f, p, p.now[filepath.Base(name)]}, nil
}

// changing does a change of the directory.
func (p *powerFS) changing(do func() error, c map[string]*inode) error {
	done, off := p.step()
	if done {
		if err := do(); err != nil {
			return errors.Join(off, err)
		}
		p.change(c)
	}
	return off
}

func (p *powerFS) Rename(from, to string) error {
	return p.changing(func() error { return p.OS.Rename(from, to) },
		map[string]*inode{filepath.Base(from): nil, filepath.Base(to): p.now[filepath.Base(from)]})
}

func (p *powerFS) Remove(name string) error {
	return p.changing(func() error { return p.OS.Remove(name) }, map[string]*inode{filepath.Base(name): nil})
}

func (p *powerFS) SyncDir(string) error {
	done, err := p.step()
	if done && !p.noSyncDir {
		p.durable, p.changes = maps.Clone(p.now), nil
	}
	return err
}

type powerFile struct {
	files.File
	fs    *powerFS
	inode *inode
}

func (f *powerFile) Write(b []byte) (int, error) {
	if f.fs.off {
		return 0, errPower
	}
	_, off := f.fs.step()
	if off != nil {
		b = b[:f.fs.rng.IntN(len(b)+1)]
	}
	n, err := f.File.Write(b)
	f.inode.content = append(f.inode.content, b[:n]...)
	return n, errors.Join(off, err)
}

func (f *powerFile) Sync() error {
	done, err := f.fs.step()
	if done && !f.fs.noSync {
		f.inode.synced = len(f.inode.content)
	}
	return err
}
