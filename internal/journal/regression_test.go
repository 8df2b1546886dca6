package journal

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// A Close that gives up waiting leaves no descriptor open, and nothing without
// its fsync.
func TestCloseIsCarriedOutAfterItsContextHasEnded(t *testing.T) {
	j, fsys := newJournal(t)
	mustAppend(t, j, never, "one\n")
	hung := fsys.block(t, opWrite)
	written := goAppend(j, never, "two\n")
	hung.await(t)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := j.Close(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Close: %v", err)
	}
	hung.open(nil)
	if err := await(t, written); err != nil {
		t.Error(err)
	}
	awaitIdle(t, j)
	if n := fsys.descriptors(); n != 0 {
		t.Errorf("%d descriptors open", n)
	}
	for _, line := range []string{"one\n", "two\n"} {
		if !fsys.isDurable(line) {
			t.Errorf("%q is not fsynced", line)
		}
	}
}

// Two processes begin at the same time: the one that comes second takes the
// file of the first.
func TestFileCreatedBySomebodyElseMeanwhile(t *testing.T) {
	j, fsys := newJournal(t)
	fsys.add(hook{op: opCreate, nth: 1, before: func() error { write(t, j.file.path, "theirs\n"); return nil }})
	if err := await(t, goAppend(j, always, "ours\n")); err != nil {
		t.Error(err)
	}
}

// A file goes out of use while lines in it that were acknowledged still wait
// for their fsync, and that fsync fails: Sync or Close must say so.
func TestSyncFailsWhenALineHasBeenLost(t *testing.T) {
	skipWhereOpenFilesCannotBeRenamed(t)
	for name, lose := range losses {
		t.Run(name, func(t *testing.T) {
			j, fsys := newJournal(t)
			mustAppend(t, j, never, "one\n")
			lose(t, j, fsys)
			syncErr := j.Sync(context.Background())
			closeErr := j.Close(context.Background())
			if syncErr == nil && closeErr == nil && !fsys.isDurable("one\n") {
				t.Error("Sync and Close succeed; the line is not durable")
			}
		})
	}
}

// The same, with a line that was to be fsynced within an interval.
func TestSyncFailedIsCalledHoweverALineIsLost(t *testing.T) {
	skipWhereOpenFilesCannotBeRenamed(t)
	for name, lose := range losses {
		t.Run(name, func(t *testing.T) {
			j, fsys := newJournal(t)
			goroutines := runtime.NumGoroutine()
			var called atomic.Int32
			o := every(100 * time.Millisecond)
			o.SyncFailed = func(error) { called.Add(1) }
			mustAppend(t, j, o, "one\n")
			lose(t, j, fsys)
			awaitTimer(t, j, goroutines)
			if called.Load() == 0 && !fsys.isDurable("one\n") {
				t.Error("the line is not durable, and SyncFailed was not called")
			}
			mustTellLoss(t, j)
		})
	}
}

// losses are the ways in which the fsync of a line fails after it was
// acknowledged, except the ordinary one. Nothing else does.
var losses = map[string]func(*testing.T, *Journal, *faultFS){
	"the fsync was that of another line": func(t *testing.T, j *Journal, fsys *faultFS) {
		fsys.fail(opSync, 1, errDisk)
		if err := await(t, goAppend(j, always, "two\n")); !errors.Is(err, errDisk) {
			t.Fatal(err)
		}
	},
	"the fsync was that after a failed write": func(t *testing.T, j *Journal, fsys *faultFS) {
		fsys.fail(opSync, 1, errDisk)
		fsys.fail(opWrite, 1, syscall.ENOSPC)
		if err := await(t, goAppend(j, never, "two\n")); !errors.Is(err, syscall.ENOSPC) {
			t.Fatal(err)
		}
	},
	"the fsync was that of a file that was moved away": func(t *testing.T, j *Journal, fsys *faultFS) {
		fsys.fail(opSync, 1, errDisk)
		awaitIdle(t, j)
		if err := fsys.moveAway(j.file.path, j.file.path+".1"); err != nil {
			t.Fatal(err)
		}
		if err := await(t, goAppend(j, never, "two\n")); !errors.Is(err, errDisk) {
			t.Fatal(err)
		}
	},
}

// A closed Journal fsyncs each batch as it closes the file.
func TestFailedFsyncOfAClosedJournalIsTold(t *testing.T) {
	j, fsys := newJournal(t)
	if err := j.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	goroutines := runtime.NumGoroutine()
	var called atomic.Int32
	o := every(time.Millisecond)
	o.SyncFailed = func(error) { called.Add(1) }
	fsys.fail(opSync, 1, errDisk)
	err := await(t, goAppend(j, o, "one\n"))
	awaitTimer(t, j, goroutines)
	if err := j.Sync(context.Background()); !errors.Is(err, errDisk) {
		t.Errorf("Sync: %v, want the error", err)
	}
	if err == nil && called.Load() == 0 {
		t.Error("Append succeeded, the fsync failed, and SyncFailed was not called")
	}
}

// Of two callers whose lines wait for the same fsync both are told.
func TestSyncFailedIsCalledForEveryCaller(t *testing.T) {
	j, fsys := newJournal(t)
	goroutines := runtime.NumGoroutine()
	var called [2]atomic.Int32
	fsys.fail(opSync, 1, errDisk)
	for i := range called {
		o := every(100 * time.Millisecond)
		o.SyncFailed = func(error) { called[i].Add(1) }
		mustAppend(t, j, o, fmt.Sprintf("caller %d\n", i))
	}
	awaitTimer(t, j, goroutines)
	for i := range called {
		if called[i].Load() == 0 {
			t.Errorf("caller %d was not told", i)
		}
	}
	mustTellLoss(t, j)
}

// What cannot be looked at does not count as moved away, for which the batch
// would be written again and again.
func TestBatchIsNotRepeatedWhereThePathCannotBeLookedAt(t *testing.T) {
	j, fsys := newJournal(t)
	mustAppend(t, j, always, "one\n")
	remove := fsys.add(hook{op: opStat, base: "events.jsonl", before: failing(errDisk)})
	err := await(t, goAppend(j, always, "two\n"))
	remove()
	if n := linesBelow(t, fsys.root)["two\n"]; n > 2 {
		t.Errorf("Append: %v; the line is there %d times", err, n)
	}
}

// The fsync of a file fails, and then that of the directory in which it was
// renamed, as is likely on a failing disk. The next fsync of the directory says
// nothing of that renaming: if it were lost, so would be the acknowledged lines,
// as a fresh file has their name.
func TestRenamingWhoseFsyncFailedIsDoneAnew(t *testing.T) {
	j, fsys := newJournal(t)
	mustAppend(t, j, always, "one\n")
	fsys.fail(opSync, 1, errDisk)
	fsys.fail(opSyncDir, 1, errDisk)
	if err := await(t, goAppend(j, always, "two\n")); !errors.Is(err, errDisk) {
		t.Fatal(err)
	}
	expireRetry(t, j)
	mustAppend(t, j, always, "three\n")
	if !fsys.isDurable("one\n") {
		t.Errorf("an acknowledged line is not durable; operations: %q", fsys.trace(opCreate, opRename, opRemove, opSyncDir))
	}
}

// The same for a fresh file whose entry's fsync fails, when it cannot be set
// aside either: later it counts as one that has been there, and is durable.
func TestEntryWhoseFsyncFailedIsMadeAnew(t *testing.T) {
	for name, o := range map[string]op{
		"it cannot be renamed":            opRename,
		"it could not be looked at first": opFstat,
	} {
		t.Run(name, func(t *testing.T) {
			j, fsys := newJournal(t)
			fsys.fail(o, 1, errDisk)
			fsys.add(hook{op: opSyncDir, base: filepath.Base(fsys.root), nth: 1, before: failing(errDisk)})
			for i := 0; ; i++ {
				line := fmt.Sprintf("%d\n", i)
				if err := await(t, goAppend(j, always, line)); err != nil && i < 5 {
					expireRetry(t, j)
					continue
				}
				if !fsys.isDurable(line) {
					t.Errorf("acknowledged and not durable; operations: %q", fsys.trace(opOpen, opCreate, opRename, opRemove, opSyncDir))
				}
				return
			}
		})
	}
}

// A condemned file that could not be renamed is closed, so when somebody
// removes it another file may get its number. It must not be removed in its
// stead, with another process's acknowledged line.
func TestAnotherFileIsNotRemovedForTheCondemnedOne(t *testing.T) {
	j, fsys := newJournal(t)
	fsys.fail(opSync, 1, errDisk)
	fsys.fail(opRename, 1, errDisk)
	if err := await(t, goAppend(j, always, "a long line that is lost\n")); !errors.Is(err, errDisk) {
		t.Fatal(err)
	}
	expireRetry(t, j)
	if err := os.Remove(j.file.path); err != nil {
		t.Fatal(err)
	}
	otherFS := newFaultFS(fsys.root)
	other := New(j.file.path, otherFS)
	defer finish(t, other, otherFS)
	mustAppend(t, other, always, "acknowledged\n")
	// Not every file system gives the number to the next file. On those that
	// don't, this shows nothing.
	if err := other.Close(context.Background()); err != nil {
		t.Fatal(err)
	}

	mustAppend(t, j, always, "next\n")

	if linesBelow(t, fsys.root)["acknowledged\n"] == 0 {
		t.Error("the other's acknowledged line is gone")
	}
}

// When a batch did not take the whole queue and the rest is withdrawn, the
// queue's memory must not refer to the batch.
func TestIdleJournalKeepsNoBatchInMemory(t *testing.T) {
	j, fsys := newJournal(t)
	freed := make(chan struct{})
	func() {
		hung := fsys.block(t, opSync)
		first := goAppend(j, always, "first\n")
		hung.await(t)
		line := make([]byte, maxBatch)
		line[maxBatch-1] = '\n'
		runtime.SetFinalizer(&line[0], func(*byte) { close(freed) })
		large := make(chan error, 1)
		go func() { large <- j.Append(context.Background(), line, always) }()
		awaitQueue(t, j, 1)
		ctx, cancel := context.WithCancel(context.Background())
		small := goAppendContext(ctx, j, always, "withdrawn\n")
		awaitQueue(t, j, 2)
		hungAgain := fsys.block(t, opSync)
		hung.open(nil)
		hungAgain.await(t)
		cancel()
		if err := await(t, small); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		hungAgain.open(nil)
		for _, outcome := range []<-chan error{first, large} {
			if err := await(t, outcome); err != nil {
				t.Error(err)
			}
		}
	}()
	awaitIdle(t, j)
	for range 20 {
		runtime.GC()
		select {
		case <-freed:
			return
		case <-time.After(10 * time.Millisecond):
		}
	}
	t.Errorf("nothing waits, and a line of %d bytes is still in memory", maxBatch)
}

// A Sync that shares its batch with a line tells that an earlier one is lost,
// whatever that line's outcome.
func TestSyncInABatchWithALineTellsOfALoss(t *testing.T) {
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

// The timer's own fsync does not take the error that the next Sync has to tell.
func TestTimerLeavesTheLossToSync(t *testing.T) {
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
// either, to be made anew: the next time it must not count as one that has been
// there, and is durable. A file in the same situation is set aside (file.unsyncedEntry).
func TestDirectoryWhoseFsyncFailedIsMadeAnew(t *testing.T) {
	_, fsys := newJournal(t)
	j := New(filepath.Join(fsys.root, "a", "events.jsonl"), fsys)
	defer finish(t, j, fsys)
	fsys.add(hook{op: opSyncDir, base: filepath.Base(fsys.root), nth: 1, before: failing(errDisk)})
	fsys.fail(opRemove, 1, errDisk)
	if err := await(t, goAppend(j, always, "one\n")); !errors.Is(err, errDisk) {
		t.Fatal(err)
	}
	expireRetry(t, j)
	if err := await(t, goAppend(j, always, "two\n")); !errors.Is(err, errDisk) {
		t.Fatal(err)
	}
	expireRetry(t, j)
	mustAppend(t, j, always, "three\n")
	if !fsys.isDurable("three\n") {
		t.Errorf("acknowledged and not durable; operations: %q", fsys.trace(opMkdir, opRemove, opSyncDir, opCreate))
	}
}

// The fsync of a directory's entry fails, and before the next line somebody
// puts something else in its place, such as a link to a directory on a disk
// that works. That is not ours to remove.
func TestWhatReplacedADirectoryIsNotRemoved(t *testing.T) {
	_, fsys := newJournal(t)
	dir, elsewhere := filepath.Join(fsys.root, "a"), t.TempDir()
	j := New(filepath.Join(dir, "events.jsonl"), fsys)
	defer finish(t, j, fsys)
	fsys.add(hook{op: opSyncDir, base: filepath.Base(fsys.root), nth: 1, before: failing(errDisk)})
	if err := await(t, goAppend(j, always, "one\n")); !errors.Is(err, errDisk) {
		t.Fatal(err)
	}
	if err := os.Remove(dir); err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	if err := os.Symlink(elsewhere, dir); err != nil {
		t.Fatal(err)
	}
	expireRetry(t, j)
	mustAppend(t, j, always, "two\n")
	if got := names(t, elsewhere); len(got) != 1 {
		t.Errorf("the link is gone: where it led to there is %q", got)
	}
}

// The fsync of a directory's entry fails, and so does the look at the directory
// by which it would be known again: it must not count as durable for that.
func TestDirectoryThatCannotBeLookedAtIsMadeAnew(t *testing.T) {
	_, fsys := newJournal(t)
	j := New(filepath.Join(fsys.root, "a", "events.jsonl"), fsys)
	defer finish(t, j, fsys)
	fsys.add(hook{op: opSyncDir, base: filepath.Base(fsys.root), nth: 1, before: func() error {
		fsys.add(hook{op: opStat, base: "a", nth: 1, before: failing(errDisk)})
		return errDisk
	}})
	for range 2 {
		if err := await(t, goAppend(j, always, "one\n")); err == nil {
			break
		}
		expireRetry(t, j)
	}
	mustAppend(t, j, always, "two\n")
	if !fsys.isDurable("two\n") {
		t.Errorf("acknowledged and not durable; operations: %q", fsys.trace(opMkdir, opRemove, opSyncDir, opCreate))
	}
}

// awaitTimer waits until no fsync is due and nothing of the Journal runs.
func awaitTimer(t testing.TB, j *Journal, goroutines int) {
	t.Helper()
	eventually(t, "the timer has run", func() bool {
		j.mu.Lock()
		defer j.mu.Unlock()
		return j.syncAt.IsZero() && !j.committing && runtime.NumGoroutine() <= goroutines
	})
}
