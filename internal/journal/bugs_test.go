package journal

import (
	"context"
	"errors"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"
)

// The tests in this file show bugs: they fail. When one passes, it belongs to
// the others of its kind.

// A Sync that shares its batch with a line has that line's outcome, and does
// not tell that an earlier one is lost.
func TestBugSyncInABatchWithALineHidesALoss(t *testing.T) {
	j, fsys := newJournal(t)
	mustAppend(t, j, never, "lost\n")
	fsys.fail(opSync, 1, errDisk)
	fsys.fail(opWrite, 1, syscall.ENOSPC)
	if err := await(t, goAppend(j, never, "two\n")); !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
	expireRetry(t, j)

	hung := fsys.block(t, opWrite)
	three := goAppend(j, always, "three\n")
	hung.await(t)
	four := goAppend(j, always, "four\n")
	awaitQueue(t, j, 1)
	synced := make(chan error, 1)
	go func() { synced <- j.Sync(context.Background()) }()
	awaitQueue(t, j, 2)
	hung.open(nil)

	for _, outcome := range []<-chan error{three, four} {
		if err := await(t, outcome); err != nil {
			t.Error(err)
		}
	}
	if err := await(t, synced); !errors.Is(err, errDisk) {
		t.Errorf("Sync: %v, though a line is lost", err)
		_ = j.Sync(context.Background()) // so that it is not Close that tells it
	}
}

// The timer's own Sync takes the error that the next Sync should have.
func TestBugTimerTakesTheLossFromSync(t *testing.T) {
	j, fsys := newJournal(t)
	goroutines := runtime.NumGoroutine()
	mustAppend(t, j, every(50*time.Millisecond), "lost\n") // with no SyncFailed
	fsys.fail(opSync, 1, errDisk)
	fsys.fail(opWrite, 1, syscall.ENOSPC)
	if err := await(t, goAppend(j, never, "two\n")); !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
	awaitTimer(t, j, goroutines)
	if err := j.Sync(context.Background()); !errors.Is(err, errDisk) {
		t.Errorf("Sync: %v, though a line is lost", err)
	}
}

// The fsync of a directory's entry fails, and the directory cannot be removed
// either, to be made anew: the next time it counts as one that has been there,
// and is durable. A file in the same situation is set aside (file.unsafe).
func TestBugDirectoryWhoseFsyncFailedCountsAsDurable(t *testing.T) {
	_, fsys := newJournal(t)
	j := New(filepath.Join(fsys.root, "a", "events.jsonl"), fsys)
	defer finish(t, j, fsys)
	fsys.add(hook{op: opSyncDir, base: filepath.Base(fsys.root), nth: 1, before: failing(errDisk)})
	fsys.fail(opRemove, 1, errDisk)
	if err := await(t, goAppend(j, always, "one\n")); !errors.Is(err, errDisk) {
		t.Fatal(err)
	}
	mustAppend(t, j, always, "two\n")
	if !fsys.isDurable("two\n") {
		t.Errorf("acknowledged and not durable; operations: %q", fsys.trace(opMkdir, opRemove, opSyncDir, opCreate))
	}
}
