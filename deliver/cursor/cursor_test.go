package cursor

import (
	"bytes"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/deliver/plan"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/lock"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/reader"
)

// numbered is a record that can be told from others, and is not the same size as the next.
func numbered(n uint64) *Record {
	return &Record{Memory: plan.Memory{Taken: n}, Undone: make([]Undone, 100*(n%3))}
}

// created makes a cursor in a directory of its own.
func created(t *testing.T, r *Record) (*Cursor, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "events.jsonl.shop.app.cursor")
	c, err := Create(path, 0o600, r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c, path
}

// saved returns what is saved.
func saved(path string) (uint64, error) {
	c, r, err := Open(path)
	if err != nil {
		return 0, err
	}
	return r.Taken, c.Close()
}

func wantSaved(t *testing.T, path string, want uint64) {
	t.Helper()
	if got, err := saved(path); got != want || err != nil {
		t.Errorf("%d is saved, want %d; %v", got, want, err)
	}
}

func wantNames(t *testing.T, dir string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, entry := range entries {
		got = append(got, entry.Name())
	}
	if strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("there are %q, want %q", got, want)
	}
}

func TestSaves(t *testing.T) {
	c, path := created(t, numbered(1))
	wantSaved(t, path, 1)
	for n := uint64(2); n < 10; n++ {
		if err := c.Save(numbered(n)); err != nil {
			t.Fatal(err)
		}
		wantSaved(t, path, n)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	c, r, err := Open(path)
	if err != nil || r.Taken != 9 {
		t.Fatalf("%+v, %v", r, err)
	}
	defer func() { _ = c.Close() }()
	if err := c.Save(numbered(10)); err != nil {
		t.Fatal(err)
	}
	wantSaved(t, path, 10)
	info, err := os.Stat(path)
	if err != nil || info.Size() != 2*slotSize {
		t.Errorf("%v; %d bytes, want %d", err, info.Size(), 2*slotSize)
	}
	wantNames(t, filepath.Dir(path), filepath.Base(path))
}

func TestThereIsNone(t *testing.T) {
	path := t.TempDir() + "/cursor"
	if _, _, err := Open(path); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	if exists, err := Exists(path); exists || err != nil {
		t.Error(exists, err)
	}
	if _, err := Create(path+"/missing/cursor", 0o600, numbered(1)); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

// TestSaveIsTorn at any place: what was saved before is there still.
func TestSaveIsTorn(t *testing.T) {
	c, path := created(t, numbered(1))
	if err := c.Save(numbered(2)); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Save(numbered(4)); err != nil {
		t.Fatal(err)
	}
	after, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	begin := offsetOf(c.number)
	end := begin + header + int64(len(numbered(4).append(nil)))
	older, newer := before[begin:end], after[begin:end]
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	want := func(slot []byte) {
		t.Helper()
		if _, err := f.WriteAt(slot, begin); err != nil {
			t.Fatal(err)
		}
		if bytes.Equal(slot, newer) {
			wantSaved(t, path, 4)
		} else {
			wantSaved(t, path, 2)
		}
	}
	for n := range newer {
		if n < header+40 || n > len(newer)-10 || n%97 == 0 {
			want(append(bytes.Clone(newer[:n]), older[n:]...))
			want(append(bytes.Clone(older[:n]), newer[n:]...))
		}
	}
	for range 100 { // any bit of it
		flipped := bytes.Clone(newer)
		flipped[rand.IntN(len(flipped))] ^= 1 << rand.IntN(8)
		want(flipped)
	}
	want(newer)
}

func TestDamaged(t *testing.T) {
	c, path := created(t, numbered(1))
	if err := c.Save(numbered(2)); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	damage := func(offsets ...int) []byte {
		b := bytes.Clone(whole)
		for _, offset := range offsets {
			b[offset] ^= 1
		}
		return b
	}
	for name, content := range map[string][]byte{
		"both slots":      damage(20, slotSize+20),
		"both versions":   damage(7, slotSize+7),
		"empty":           {},
		"zeros":           make([]byte, 2*slotSize),
		"another's":       []byte(`{"files":[]}`),
		"begins like one": []byte("webhook\x01"),
	} {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, _, err := Open(path); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := os.WriteFile(path, whole[:slotSize], 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := saved(path); err != nil {
		t.Errorf("with one slot: %v", err)
	}
}

// TestLaterRelease has written it: that is no damage.
func TestLaterRelease(t *testing.T) {
	c, path := created(t, numbered(1))
	b, err := c.encode(numbered(2), c.number+1)
	if err != nil {
		t.Fatal(err)
	}
	b[len(magic)] = 2
	sum := checksum(b)
	b[20], b[21], b[22], b[23] = byte(sum), byte(sum>>8), byte(sum>>16), byte(sum>>24)
	if err := c.write(b, c.number+1); err != nil {
		t.Fatal(err)
	}
	before, _ := os.ReadFile(path)
	if _, _, err := Open(path); err == nil || errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "later release") {
		t.Error(err)
	}
	if after, err := os.ReadFile(path); err != nil || !bytes.Equal(before, after) {
		t.Error("it was changed", err)
	}
}

// faulty is a file whose writes or fsyncs fail, as often as is said.
type faulty struct {
	file
	writes, syncs, reads int
	at                   []int64 // which writes were tried
}

var errDisk = errors.New("the disk")

func (f *faulty) WriteAt(b []byte, offset int64) (int, error) {
	f.at = append(f.at, offset)
	if f.writes--; f.writes >= 0 {
		n, _ := f.file.WriteAt(b[:len(b)/2], offset)
		return n, errDisk
	}
	return f.file.WriteAt(b, offset)
}

func (f *faulty) Sync() error {
	if f.syncs--; f.syncs >= 0 {
		return errDisk
	}
	return f.file.Sync()
}

func (f *faulty) ReadAt(b []byte, offset int64) (int, error) {
	if f.reads == 3 || offset == int64(f.reads-1)*slotSize {
		return 0, errDisk
	}
	return f.file.ReadAt(b, offset)
}

// TestSaveFails: what was saved before is there, and the same slot is written again until
// that is done.
func TestSaveFails(t *testing.T) {
	for name, fault := range map[string]faulty{"write": {writes: 3}, "sync": {syncs: 3}} {
		t.Run(name, func(t *testing.T) {
			c, path := created(t, numbered(1))
			if err := c.Save(numbered(2)); err != nil {
				t.Fatal(err)
			}
			own := offsetOf(c.number)
			f := &fault
			f.file, c.file = c.file, f
			for n := uint64(3); n < 6; n++ {
				if err := c.Save(numbered(n)); !errors.Is(err, errDisk) {
					t.Fatalf("%d: %v", n, err)
				}
				b := make([]byte, slotSize)
				if _, err := f.file.ReadAt(b, own); err != nil {
					t.Fatal(err)
				}
				length := header + len(numbered(2).append(nil))
				if r, err := decode(b[header:length]); err != nil || r.Taken != 2 {
					t.Fatalf("after %d, the slot that was saved is overwritten", n)
				}
			}
			if err := c.Save(numbered(6)); err != nil {
				t.Fatal(err)
			}
			if err := c.Save(numbered(7)); err != nil {
				t.Fatal(err)
			}
			want := []int64{slotSize - own, slotSize - own, slotSize - own, slotSize - own, own}
			for i, at := range f.at {
				if at != want[i] {
					t.Errorf("writes were at %d, want %d", f.at, want)
				}
			}
			wantSaved(t, path, 7)
		})
	}
}

// TestOpenMakesDurable what it returns: that it could be read does not say so.
func TestOpenMakesDurable(t *testing.T) {
	c, _ := created(t, numbered(1))
	if err := c.Save(numbered(2)); err != nil {
		t.Fatal(err)
	}
	f := &faulty{file: c.file, syncs: 1}
	c = &Cursor{file: f}
	if _, err := c.load(); !errors.Is(err, errDisk) {
		t.Error(err)
	}
	if r, err := c.load(); err != nil || r.Taken != 2 {
		t.Error(r, err)
	}
	for _, at := range f.at {
		if at != offsetOf(c.number) {
			t.Errorf("writes were at %d", f.at)
		}
	}
}

// TestUnreadableSlot does not take the other one with it; with both, it is no damage.
func TestUnreadableSlot(t *testing.T) {
	c, _ := created(t, numbered(1))
	if err := c.Save(numbered(2)); err != nil {
		t.Fatal(err)
	}
	for reads, want := range map[int]uint64{1: 1, 2: 2} {
		if r, err := (&Cursor{file: &faulty{file: c.file, reads: reads}}).load(); err != nil || r.Taken != want {
			t.Errorf("without slot %d: %v, %v", reads-1, r, err)
		}
	}
	if _, err := (&Cursor{file: &faulty{file: c.file, reads: 3}}).load(); !errors.Is(err, errDisk) || errors.Is(err, ErrDamaged) {
		t.Error(err)
	}
}

func TestCreateReplacesNothing(t *testing.T) {
	_, path := created(t, numbered(1))
	if _, err := Create(path, 0o600, numbered(2)); !errors.Is(err, fs.ErrExist) {
		t.Error(err)
	}
	wantSaved(t, path, 1)
	wantNames(t, filepath.Dir(path), filepath.Base(path))
	if exists, err := Exists(path); !exists || err != nil {
		t.Error(exists, err)
	}
}

// TestCreateAtOnce by many: one makes it, and the others find it.
func TestCreateAtOnce(t *testing.T) {
	path := t.TempDir() + "/cursor"
	var all sync.WaitGroup
	made := make(chan uint64, 20)
	for i := range uint64(cap(made)) {
		all.Add(1)
		go func() {
			defer all.Done()
			c, err := Create(path, 0o600, numbered(i))
			if err == nil {
				made <- i
				_ = c.Close()
			} else if !errors.Is(err, fs.ErrExist) {
				t.Error(err)
			}
		}()
	}
	all.Wait()
	if len(made) != 1 {
		t.Fatalf("%d were made", len(made))
	}
	wantSaved(t, path, <-made)
	wantNames(t, filepath.Dir(path), "cursor")
}

// TestCreateAfterACrash uses what is left of one that was not whole.
func TestCreateAfterACrash(t *testing.T) {
	path := t.TempDir() + "/cursor"
	if err := os.WriteFile(path+temporaryEnding, bytes.Repeat([]byte{1}, 5*slotSize), 0o444); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path+temporaryEnding, 0o644); err != nil {
		t.Fatal(err)
	}
	c, err := Create(path, 0o600, numbered(1))
	if err != nil {
		t.Fatal(err)
	}
	_ = c.Close()
	wantSaved(t, path, 1)
	wantNames(t, filepath.Dir(path), "cursor")
	if info, err := os.Stat(path); err != nil || info.Size() != 2*slotSize {
		t.Errorf("%d bytes, %v", info.Size(), err)
	}
}

// TestCreateWaits for somebody else who is making it.
func TestCreateWaits(t *testing.T) {
	path := t.TempDir() + "/cursor"
	other, err := lock.Open(path + temporaryEnding)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() {
		c, err := Create(path, 0o600, numbered(2))
		if err == nil {
			_ = c.Close()
		}
		done <- err
	}()
	if err := fill(other, 0o600, numbered(1)); err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS == "windows" {
		_ = other.Close()
	}
	if err := os.Rename(other.Name(), path); err != nil {
		t.Fatal(err)
	}
	_ = other.Close()
	if err := <-done; !errors.Is(err, fs.ErrExist) {
		t.Error(err)
	}
	wantSaved(t, path, 1)
}

func TestMode(t *testing.T) {
	if runtime.GOOS == "windows" {
		return // which has none
	}
	for _, mode := range []fs.FileMode{0o600, 0o666} {
		path := t.TempDir() + "/cursor"
		c, err := Create(path, mode, numbered(1))
		if err != nil {
			t.Fatal(err)
		}
		_ = c.Close()
		if info, err := os.Stat(path); err != nil || info.Mode() != mode {
			t.Errorf("%v, %v, want %v", info.Mode(), err, mode)
		}
	}
}

// TestSymbolicLink in the cursor's place is followed, also to what is not there yet.
func TestSymbolicLink(t *testing.T) {
	dir := t.TempDir()
	other := t.TempDir() + "/own"
	path := dir + "/cursor"
	if err := os.Symlink(other, path); err != nil {
		t.Fatal(err)
	}
	c, err := Create(path, 0o600, numbered(1))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	wantNames(t, dir, "cursor")
	wantNames(t, filepath.Dir(other), "own")
	if info, err := os.Lstat(path); err != nil || info.Mode()&fs.ModeSymlink == 0 {
		t.Error("the link was replaced", err)
	}
	if err := c.Save(numbered(2)); err != nil {
		t.Fatal(err)
	}
	wantSaved(t, path, 2)
	if _, err := Create(path, 0o600, numbered(3)); !errors.Is(err, fs.ErrExist) {
		t.Error(err)
	}
	if !c.IsThere() {
		t.Error("it is not there")
	}
}

func TestIsThere(t *testing.T) {
	c, path := created(t, numbered(1))
	if !c.IsThere() {
		t.Error("it is not there")
	}
	if runtime.GOOS == "windows" {
		return // which renames no open file
	}
	if err := os.Rename(path, path+".away"); err != nil {
		t.Fatal(err)
	}
	if c.IsThere() {
		t.Error("it is there though it was renamed")
	}
	other, err := Create(path, 0o600, numbered(2))
	if err != nil {
		t.Fatal(err)
	}
	_ = other.Close()
	if c.IsThere() {
		t.Error("it is there though it is another one")
	}
}

// TestNeverRotated comes back as what it can be compared with.
func TestNeverRotated(t *testing.T) {
	_, path := created(t, &Record{Read: reader.Position{Rotated: reader.NeverRotated}})
	c, r, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	_ = c.Close()
	if r.Read.Rotated != reader.NeverRotated {
		t.Errorf("%#v", r.Read.Rotated)
	}
}
