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
)

// The fsync of the directory fails for one process just when another one, for
// which it did not, has seen the compressed file and removed the original.
func TestCompressedFileStaysWhenTheDirectorysFsyncFails(t *testing.T) {
	for name, before := range map[string]bool{"before it": true, "after it": false} {
		t.Run(name, func(t *testing.T) {
			fsys := newFaultFS(t.TempDir())
			write(t, filepath.Join(fsys.root, "events-2026-11-23T17-04-58.123.jsonl"), "one\n")
			other := newKeeper(osFS{}, fsys.root, Rotation{Compression: Gzip})
			h := hook{op: opSyncDir, nth: 1, before: func() error {
				return errors.Join(other.keep(time.Now()), errDisk)
			}}
			if !before {
				h.before, h.after = nil, h.before
			}
			fsys.add(h)
			k := newKeeper(fsys, fsys.root, Rotation{Compression: Gzip})
			if err := k.keep(time.Now()); !errors.Is(err, errDisk) {
				t.Errorf("%v", err)
			}
			if got := linesBelow(t, fsys.root); got["one\n"] != 1 {
				t.Errorf("%v", got)
			}
		})
	}
}

// The entry of a compressed file is made anew after its fsync has failed, before
// the original is removed: another fsync of it says nothing.
func TestCompressedFilesEntryIsMadeAnew(t *testing.T) {
	fsys := newFaultFS(t.TempDir())
	original := filepath.Join(fsys.root, "events-2026-11-23T17-04-58.123.jsonl")
	write(t, original, "one\n")
	fsys.disk.inode(original)
	fsys.fail(opSyncDir, 1, errDisk)
	k := newKeeper(fsys, fsys.root, Rotation{Compression: Gzip})
	if err := k.keep(time.Now()); !errors.Is(err, errDisk) {
		t.Fatal(err)
	}
	if err := k.keep(time.Now()); err != nil {
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
	clock := wallClock
	defer func() { wallClock = clock }()
	dir := t.TempDir()
	scripts := 0
	for _, reserves := range []bool{false, true} {
		for _, what := range []string{"rotated", "set aside", "worthless", "not renamed", "compressed"} {
			for _, after := range []bool{false, true} {
				for nth := 1; ; nth++ {
					s := suspension{
						t: t, root: filepath.Join(dir, strconv.Itoa(scripts)), what: what, reserves: reserves, after: after, nth: nth,
					}
					wallClock = clock
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
	fsys.add(h)
	f := file{fs: fsys, path: path, target: path, info: info}
	switch s.what {
	case "rotated":
		f.size = info.Size()
		f.rotate(nil)
	case "set aside":
		f.condemned, f.condemnedAt, f.worthless, f.aside = info, path, -1, true
		_ = f.clearAway()
	case "worthless":
		f.condemned, f.condemnedAt, f.worthless, f.aside = info, path, info.Size(), true
		_ = f.clearAway()
	case "not renamed":
		fsys.add(hook{op: opRename, before: failing(errDisk)})
		_, _ = f.rename(path, time.Now())
	case "compressed":
		if err := os.Rename(path, rotatedName(path, time.Now())); err != nil {
			t.Fatal(err)
		}
		_ = newKeeper(fsys, s.root, Rotation{Compression: Gzip}).keep(time.Now())
	}
	lines := linesBelow(t, s.root)
	for _, line := range []string{"mine\n", "theirs\n"} {
		if lines[line] == 0 && (line == "mine\n" && s.what != "worthless" || line == "theirs\n" && s.taken) {
			t.Errorf("%s, names reserved %t, operation %d, after it %t: %q is gone: %q", s.what, s.reserves, s.nth, s.after, line, names(t, s.root))
		}
	}
}

func (s *suspension) suspend() error {
	const long = 2 * temporaryFor
	s.suspended = true
	if s.renaming {
		return nil
	}
	clock := wallClock
	wallClock = func() time.Time { return clock().Add(long) }
	before := names(s.t, s.root)
	theirs := filepath.Join(s.root, "theirs")
	write(s.t, theirs, "theirs\n")
	other := newKeeper(osFS{}, s.root, Rotation{Compression: Zstd})
	if err := other.keep(time.Now().Add(long)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("the other keeper: %w", err)
	}
	// A name that has become free is taken, as by a clock that was set back.
	at := time.Now()
	for _, name := range before {
		t, ok := RotatedAt(other.path, filepath.Join(s.root, name))
		if _, err := os.Stat(filepath.Join(s.root, name)); ok && errors.Is(err, fs.ErrNotExist) {
			at = t
		}
	}
	f := file{fs: osFS{}, path: other.path, target: other.path}
	_, err := f.rename(theirs, at)
	s.taken = err == nil
	return err
}
