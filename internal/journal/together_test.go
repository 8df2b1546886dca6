package journal

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/files"
)

// The entry of a compressed file is made anew after its fsync has failed, before
// the original is removed: another fsync of it says nothing.
func TestCompressedFilesEntryIsMadeAnew(t *testing.T) {
	fsys := newFaultFS(t.TempDir())
	original := filepath.Join(fsys.root, "events-2026-11-23T17-04-58.123.jsonl")
	write(t, original, "one\n")
	fsys.disk.inode(original)
	fsys.fail(opSyncDir, 1, errDisk)
	k := newKeeper(fsys, fsys.root, Rotation{Compression: files.Gzip})
	if err := k.Keep(time.Now()); !errors.Is(err, errDisk) {
		t.Fatal(err)
	}
	if err := k.Keep(time.Now()); err != nil {
		t.Fatal(err)
	}
	if !fsys.isDurable("one\n") {
		t.Errorf("the line is not durable; operations: %q", fsys.trace(opRename, opCreate, opSyncDir, opRemove))
	}
	if got := names(t, fsys.root); len(got) != 1 {
		t.Errorf("%q", got)
	}
}

// A process is suspended at any operation of a rotation, of setting a file aside,
// or of compressing one; two hours later another one removes what was left
// over, and takes the names that have become free. When the first goes on,
// nothing is lost.
func TestSuspendedAtEveryMoment(t *testing.T) {
	skipWhereOpenFilesCannotBeRenamed(t)
	dir := t.TempDir()
	scripts := 0
	for _, reserves := range []bool{false, true} {
		for _, what := range []string{"rotated", "set aside", "worthless", "not renamed", "compressed"} {
			for _, after := range []bool{false, true} {
				for nth := 1; ; nth++ {
					s := suspension{
						t: t, root: filepath.Join(dir, strconv.Itoa(scripts)), what: what, reserves: reserves, after: after, nth: nth,
					}
					s.run()
					if scripts++; !s.suspended {
						break // there are no more operations
					}
				}
			}
		}
	}
	t.Logf("%d scripts", scripts)
}

type suspension struct {
	t         *testing.T
	root      string
	what      string
	reserves  bool
	after     bool
	nth       int
	suspended bool
	fsys      *faultFS
	renaming  bool
	taken     bool // the other process has renamed its file
}

func (s *suspension) run() {
	t := s.t
	if err := os.Mkdir(s.root, 0o700); err != nil {
		t.Fatal(err)
	}
	fsys := newFaultFS(s.root)
	fsys.reserves = s.reserves
	s.fsys = fsys
	path := filepath.Join(s.root, "events.jsonl")
	write(t, path, "mine\n")
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	h := hook{nth: s.nth, before: s.suspend}
	if s.after {
		h.before, h.after = nil, h.before
	}
	// Renaming onto a name reserved by itself is the one moment, between two
	// system calls, in which a process must not stand still.
	if s.reserves && s.what != "compressed" {
		fsys.add(hook{
			op: opRename, before: func() error { s.renaming = true; return nil },
			after: func() error { s.renaming = false; return nil },
		})
	}
	f := &New(path, fsys).file
	if s.what != "not renamed" && s.what != "compressed" {
		f.open = &openFile{target: path, info: info, size: info.Size()}
		if f.open.File, err = fsys.Open(path); err != nil {
			t.Fatal(err)
		}
	}
	fsys.add(h)
	switch s.what {
	case "rotated":
		f.rotate(nil)
	case "set aside":
		f.condemn(-1)
	case "worthless":
		f.condemn(info.Size())
	case "not renamed":
		fsys.add(hook{op: opRename, before: failing(errDisk)})
		_, _ = f.namer.Rename(fsys, path, path, time.Now())
	case "compressed":
		if err := os.Rename(path, files.RotatedName(path, time.Now())); err != nil {
			t.Fatal(err)
		}
		_ = newKeeper(fsys, s.root, Rotation{Compression: files.Gzip}).Keep(time.Now())
	}
	lines := linesBelow(t, s.root)
	for _, line := range []string{"mine\n", "theirs\n"} {
		if lines[line] == 0 && (line == "mine\n" && s.what != "worthless" || line == "theirs\n" && s.taken) {
			t.Errorf("%s, names reserved %t, operation %d, after it %t: %q is gone: %q", s.what, s.reserves, s.nth, s.after, line, names(t, s.root))
		}
	}
}

func (s *suspension) suspend() error {
	const long = 2 * time.Hour
	s.suspended = true
	if s.renaming {
		return nil
	}
	s.fsys.ahead += long
	before := names(s.t, s.root)
	theirs := filepath.Join(s.root, "theirs")
	write(s.t, theirs, "theirs\n")
	other := newKeeper(files.OS{}, s.root, Rotation{Compression: files.Zstd})
	if err := other.Keep(time.Now().Add(long)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("the other keeper: %w", err)
	}
	// A name that has become free is taken, as by a clock that was set back.
	at := time.Now()
	for _, name := range before {
		n, ok := files.Parse(filepath.Join(s.root, name))
		if _, err := os.Stat(filepath.Join(s.root, name)); ok && !n.Temporary && errors.Is(err, fs.ErrNotExist) {
			at = n.At
		}
	}
	_, err := new(files.Namer).Rename(files.OS{}, theirs, filepath.Join(s.root, "events.jsonl"), at)
	s.taken = err == nil
	return err
}
