package journal

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/files"
)

// What is kept counts before its caller's first line, and until it is released.
func TestRegisteredWishesKeepFiles(t *testing.T) {
	j, fsys := newJournal(t)
	few, all := rotating(Rotation{Size: 1, Keep: 1}), rotating(Rotation{})
	j.Register(few)
	j.Register(all)
	for _, line := range []string{"one\n", "two\n", "three\n", "four\n"} {
		mustAppend(t, j, few, line)
	}
	awaitIdle(t, j)
	if got := contents(t, fsys.root); len(got) != 4 {
		t.Errorf("files: %q", got)
	}
	j.Release(all)
	awaitIdle(t, j)
	if got := contents(t, fsys.root); !reflect.DeepEqual(got, []string{"three\n", "four\n"}) {
		t.Errorf("files after the release: %q", got)
	}
}

// Empty names, and files that were set aside after a failed fsync, are not kept
// in the stead of rotated ones, and the latter stay as they are.
func TestOnlyRotatedFilesCount(t *testing.T) {
	j, fsys := newJournal(t)
	full := writeRotated(t, j, 9*time.Hour, "full\n")
	for i := range 3 {
		writeRotated(t, j, time.Duration(5+i)*time.Hour, "")
	}
	o := rotating(Rotation{Keep: 1, Compression: files.Gzip})
	o.Sync = SyncNever
	j.Register(o)
	for range 3 { // each with what was acknowledged, so that it is not removed
		mustAppend(t, j, o, "set aside\n")
		again := fsys.fail(opSync, 0, errDisk)
		if err := j.Sync(context.Background()); err == nil {
			t.Fatal("the fsync did not fail")
		}
		again()
		expireRetry(t, j)
	}
	mustAppend(t, j, o, "now\n")
	awaitIdle(t, j)
	if got := linesBelow(t, fsys.root); got["full\n"] != 1 || got["set aside\n"] != 3 {
		t.Errorf("left: %v", got)
	}
	if _, err := os.Stat(full + ".gz"); err != nil {
		t.Error(err)
	}
	o.Size = 1
	mustAppend(t, j, o, "next\n")
	awaitIdle(t, j)
	if got := linesBelow(t, fsys.root); got["full\n"]+got["set aside\n"] != 0 || got["now\n"] != 1 {
		t.Errorf("left when another is rotated: %v", got)
	}
}

// TestKeepWhileAFileIsSetAside: it does not count before it is marked, either.
func TestKeepWhileAFileIsSetAside(t *testing.T) {
	j, fsys := newJournal(t)
	full := writeRotated(t, j, 9*time.Hour, "full\n")
	o := rotating(Rotation{Keep: 1})
	o.Sync = SyncNever
	j.Register(o)
	mustAppend(t, j, o, "set aside\n")
	awaitIdle(t, j)
	defer fsys.fail(opSync, 1, errDisk)()
	renamed := fsys.block(t, opSyncDir)
	failed := make(chan error, 1)
	go func() { failed <- j.Sync(context.Background()) }()
	renamed.await(t)
	keep := func() {
		t.Helper()
		j.keeper.Start()
		eventually(t, "the keeper is done", func() bool { return !j.keeper.Works() })
		if _, err := os.Stat(full); err != nil {
			t.Fatal(err)
		}
	}
	keep()

	// Nor if it is marked just after it was looked at.
	looked, marked := make(chan struct{}), make(chan struct{})
	fsys.add(hook{op: opStat, nth: 2, after: func() error { // the older file's is the first
		close(looked)
		<-marked
		return nil
	}})
	j.keeper.Start()
	<-looked
	renamed.open(nil)
	if err := <-failed; err == nil {
		t.Error("the fsync did not fail")
	}
	close(marked)
	keep()
}

// writeRotated makes a file that was rotated that long ago.
func writeRotated(t testing.TB, j *Journal, ago time.Duration, content string) (path string) {
	t.Helper()
	path = files.RotatedName(j.file.path, time.Now().Add(-ago))
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

// What is set aside becomes read-only when its new name is durable, and not
// before: a power cut would leave a read-only file at path.
func TestFailedFilesBecomeReadOnlyUnderADurableName(t *testing.T) {
	for name, failures := range map[string]int{"at once": 0, "after a failed fsync of the directory": 1} {
		t.Run(name, func(t *testing.T) {
			j, fsys := newJournal(t)
			o := rotating(Rotation{})
			o.Sync = SyncNever
			mustAppend(t, j, o, "set aside\n")
			again := fsys.fail(opSync, 0, errDisk)
			defer again()
			fsys.add(hook{op: opSyncDir, before: func() error {
				for _, name := range names(t, fsys.root) {
					if info, err := os.Stat(filepath.Join(fsys.root, name)); err != nil || isReadOnly(info) {
						t.Errorf("%s before the fsync of the directory: %v, %v", name, info.Mode(), err)
					}
				}
				return nil
			}, nth: 1, upTo: failures + 1})
			if failures > 0 {
				fsys.fail(opSyncDir, 1, errDisk)
			}
			if err := j.Sync(context.Background()); err == nil {
				t.Fatal("the fsync did not fail")
			}
			again()
			expireRetry(t, j)
			mustAppend(t, j, o, "now\n")
			var aside []string
			for _, name := range names(t, fsys.root) {
				path := filepath.Join(fsys.root, name)
				if info, err := os.Stat(path); err != nil {
					t.Error(err)
				} else if isReadOnly(info) {
					aside = append(aside, read(t, path))
				}
			}
			if !reflect.DeepEqual(aside, []string{"set aside\n"}) {
				t.Errorf("read-only: %q", aside)
			}
		})
	}
}

func isReadOnly(info fs.FileInfo) bool { return info.Mode().Perm()&0o222 == 0 }
