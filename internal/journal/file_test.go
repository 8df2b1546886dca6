package journal

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

var rotated = regexp.MustCompile(`^events-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3}\.jsonl$`)

func TestTornTailIsHealed(t *testing.T) {
	tests := []struct{ name, before, after string }{
		{"torn", "one\nabc", "one\nabc\nnew\n"},
		{"only a torn line", "abc", "abc\nnew\n"},
		{"whole", "one\n", "one\nnew\n"},
		{"empty lines", "\n\n", "\n\nnew\n"},
		{"empty", "", "new\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			j, fsys := newJournal(t)
			write(t, j.file.path, test.before)
			mustAppend(t, j, always, "new\n")
			if got := read(t, j.file.path); got != test.after {
				t.Errorf("file: %q, want %q", got, test.after)
			}
			if writes := fsys.count(opWrite); writes != 1 {
				t.Errorf("%d writes, want one for line feed and line", writes)
			}
			mustAppend(t, j, always, "next\n")
			if got := read(t, j.file.path); got != test.after+"next\n" {
				t.Errorf("file: %q, want no other line feed", got)
			}
		})
	}
}

func TestFailedWrite(t *testing.T) {
	tests := []struct {
		name     string
		hook     hook
		err      error
		fragment string // what is left of the batch
	}{
		{"at once", hook{before: failing(syscall.ENOSPC)}, syscall.ENOSPC, ""},
		{"in mid-line", hook{before: failing(&shortWrite{3, syscall.ENOSPC})}, syscall.ENOSPC, "bat"},
		{"after a line", hook{before: failing(&shortWrite{8, syscall.ENOSPC})}, syscall.ENOSPC, "batch 0\n"},
		{"short without a reason", hook{before: failing(&shortWrite{10, nil})}, io.ErrShortWrite, "batch 0\nba"},
		{"though all is written", hook{after: failing(errDisk)}, errDisk, "batch 0\nbatch 1\nbatch 2\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			j, fsys := newJournal(t)
			hung := fsys.block(t, opSync)
			first := goAppend(j, always, "first\n")
			hung.await(t)
			var batch []<-chan error
			for i := range 3 {
				batch = append(batch, goAppend(j, always, fmt.Sprintf("batch %d\n", i)))
				awaitQueue(t, j, i+1)
			}
			test.hook.op, test.hook.nth = opWrite, 1
			fsys.add(test.hook)
			hung.open(nil)

			if err := await(t, first); err != nil {
				t.Errorf("the line before: %v", err)
			}
			for _, outcome := range batch {
				if err := await(t, outcome); !errors.Is(err, test.err) || !strings.Contains(err.Error(), j.file.path) {
					t.Errorf("line of the batch: %v, want %v and the path", err, test.err)
				}
			}
			awaitIdle(t, j)
			if n := fsys.descriptors(); n != 0 {
				t.Errorf("%d descriptors open after the failure", n)
			}
			mustAppend(t, j, always, "next\n")
			want := "first\n" + test.fragment
			if !strings.HasSuffix(want, "\n") {
				want += "\n"
			}
			if got := read(t, j.file.path); got != want+"next\n" {
				t.Errorf("file: %q, want %q and then the next line", got, want)
			}
			if !fsys.isDurable("first\n") || !fsys.isDurable("next\n") {
				t.Error("an acknowledged line is not durable")
			}
		})
	}
}

func TestFailedWriteFsyncsEarlierLines(t *testing.T) {
	j, fsys := newJournal(t)
	mustAppend(t, j, never, "one\n")
	fsys.fail(opWrite, 1, syscall.ENOSPC)
	if err := await(t, goAppend(j, never, "two\n")); !errors.Is(err, syscall.ENOSPC) {
		t.Error(err)
	}
	if !fsys.isDurable("one\n") {
		t.Error("the file was closed without the fsync that an acknowledged line waited for")
	}
}

func TestFailedFsync(t *testing.T) {
	j, fsys := newJournal(t)
	mustAppend(t, j, always, "one\n")
	hung := fsys.block(t, opSync)
	batch := []<-chan error{goAppend(j, always, "two\n")}
	hung.await(t)
	later := goAppend(j, always, "later\n")
	awaitQueue(t, j, 1)
	hung.open(errDisk)

	for _, outcome := range append(batch, later) {
		if err := await(t, outcome); !errors.Is(err, errDisk) || !strings.Contains(err.Error(), j.file.path) {
			t.Errorf("%v, want the disk's error and the path", err)
		}
	}
	awaitIdle(t, j)
	aside := names(t, fsys.root)
	if len(aside) != 1 || !rotated.MatchString(aside[0]) {
		t.Fatalf("directory: %q, want one file with a rotated name", aside)
	}
	if retry := time.Until(j.file.backoff.retryAt); retry <= 0 || retry > time.Second {
		t.Errorf("tried again in %v", retry)
	}
	trace := fsys.trace(opRename, opSyncDir)
	if want := []string{"rename events.jsonl", "syncdir ."}; !slices.Equal(trace[len(trace)-2:], want) {
		t.Errorf("operations on directories: %q, want %q at the end", trace, want)
	}

	expireRetry(t, j)
	mustAppend(t, j, always, "three\n")
	if got := read(t, j.file.path); got != "three\n" {
		t.Errorf("fresh file: %q", got)
	}
	if got := read(t, filepath.Join(fsys.root, aside[0])); got != "one\ntwo\n" {
		t.Errorf("file whose fsync failed: %q", got)
	}
	if !fsys.isDurable("one\n") || !fsys.isDurable("three\n") {
		t.Error("an acknowledged line is not durable")
	}
	mustAppend(t, j, always, "four\n")
}

func TestNothingIsTriedForASecondAfterAFailedFsync(t *testing.T) {
	for name, o := range map[string]op{"of the file": opSync, "of the directory": opSyncDir} {
		t.Run(name, func(t *testing.T) { nothingIsTriedForASecond(t, o) })
	}
}

func nothingIsTriedForASecond(t *testing.T, failing op) {
	j, fsys := newJournal(t)
	remove := fsys.fail(failing, 0, errDisk)
	for range 2 { // the second time a fresh file's fsync fails
		if err := await(t, goAppend(j, always, "line\n")); !errors.Is(err, errDisk) {
			t.Fatal(err)
		}
		awaitIdle(t, j)
		fsys.forget()
		for range 3 {
			if err := await(t, goAppend(j, always, "line\n")); !errors.Is(err, errDisk) {
				t.Error(err)
			}
		}
		fsys.mu.Lock()
		if len(fsys.calls) > 0 {
			t.Errorf("the file system was touched: %v", fsys.calls)
		}
		fsys.mu.Unlock()
		expireRetry(t, j)
	}
	remove()
	mustAppend(t, j, always, "works again\n")

	// That was that: later failures of other kinds delay nothing.
	for _, o := range []op{opWrite, opOpen} {
		fsys.fail(o, 1, syscall.ENOSPC)
		if err := await(t, goAppend(j, always, "line\n")); !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("%s: %v", o, err)
		}
	}
	mustAppend(t, j, always, "works at once\n")
}

func TestOnlyAWorthlessFileIsRemoved(t *testing.T) {
	tests := []struct {
		name   string
		exists bool
		before string
		acked  *Options
		kept   string // "" if nothing
	}{
		{name: "fresh", kept: ""},
		{name: "fresh, with an acknowledged line", acked: always, kept: "acked\nlost\n"},
		{name: "fresh, with an acknowledged line that was not fsynced", acked: never, kept: "acked\nlost\n"},
		{name: "not made by the journal, and empty", exists: true, kept: "lost\n"},
		{name: "not made by the journal", exists: true, before: "old\n", kept: "old\nlost\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			j, fsys := newJournal(t)
			if test.exists {
				write(t, j.file.path, test.before)
			}
			if test.acked != nil {
				mustAppend(t, j, test.acked, "acked\n")
			}
			fsys.fail(opSync, 1, errDisk)
			if err := await(t, goAppend(j, always, "lost\n")); !errors.Is(err, errDisk) {
				t.Fatal(err)
			}
			if test.acked == never && !errors.Is(j.Sync(context.Background()), errDisk) {
				t.Error("Sync does not tell that a line is lost")
			}
			left := names(t, fsys.root)
			if test.kept == "" {
				if len(left) > 0 {
					t.Errorf("left over: %q", left)
				}
				trace := fsys.trace(opRemove, opSyncDir)
				if trace[len(trace)-1] != "syncdir ." {
					t.Errorf("no fsync of the directory after the removal: %q", trace)
				}
				return
			}
			if len(left) != 1 || !rotated.MatchString(left[0]) {
				t.Fatalf("directory: %q, want one file with a rotated name", left)
			}
			if got := read(t, filepath.Join(fsys.root, left[0])); got != test.kept {
				t.Errorf("%s: %q, want %q", left[0], got, test.kept)
			}
		})
	}
}

// One Journal's fsync of its fresh file fails while another, as if in another
// process, is at any point of appending to the same file.
func TestAnotherJournalsLineInAWorthlessFileIsKept(t *testing.T) {
	skipWhereOpenFilesCannotBeRenamed(t)
	tests := []struct {
		name string
		// Where the failing one lets the other begin, or where the other lets
		// the failing one go on until it has failed.
		failing, other hook
	}{
		{name: "all of it before the fsync", failing: hook{op: opSync}},
		{name: "all of it before the renaming", failing: hook{op: opRename}},
		{name: "all of it before the removal", failing: hook{op: opRemove}},
		{name: "failure before the other's open", other: hook{op: opOpen}},
		{name: "failure before the other's write", other: hook{op: opWrite}},
		{name: "failure before the other's fsync", other: hook{op: opSync}},
		{name: "failure before the other's look at the path", other: hook{op: opStat, base: "events.jsonl"}},
	}
	for _, test := range tests {
		for _, o := range []*Options{always, never} {
			if o.Sync == SyncNever && test.other.op == opSync {
				continue
			}
			t.Run(fmt.Sprintf("%s, sync %v", test.name, o.Sync), func(t *testing.T) {
				failing, failingFS := newJournal(t)
				otherFS := newFaultFS(failingFS.root)
				other := New(failing.file.path, otherFS)
				t.Cleanup(func() { finish(t, other, otherFS) })

				if test.other.op == "" {
					test.failing.nth = 1
					test.failing.before = func() error {
						if err := other.Append(context.Background(), []byte("other\n"), o); err != nil {
							t.Error(err)
						}
						return nil
					}
					failingFS.add(test.failing)
					failingFS.fail(opSync, 1, errDisk)
					if err := await(t, goAppend(failing, always, "lost\n")); !errors.Is(err, errDisk) {
						t.Fatal(err)
					}
				} else {
					before := failingFS.block(t, opSync)
					lost := goAppend(failing, always, "lost\n")
					before.await(t)
					test.other.nth = 1
					test.other.before = func() error {
						before.open(errDisk)
						if err := <-lost; !errors.Is(err, errDisk) {
							t.Error(err)
						}
						return nil
					}
					otherFS.add(test.other)
					mustAppend(t, other, o, "other\n")
				}
				if linesBelow(t, failingFS.root)["other\n"] == 0 {
					t.Error("the acknowledged line is gone")
				}
				mustAppend(t, other, always, "next\n")
			})
		}
	}
}

func TestFailedFsyncOfAFileThatCannotBeRenamed(t *testing.T) {
	j, fsys := newJournal(t)
	mustAppend(t, j, always, "one\n")
	removeRename := fsys.fail(opRename, 0, fs.ErrPermission)
	fsys.fail(opSync, 1, errDisk)
	if err := await(t, goAppend(j, always, "two\n")); !errors.Is(err, errDisk) {
		t.Error(err)
	}
	for range 3 {
		expireRetry(t, j)
		if err := await(t, goAppend(j, always, "three\n")); !errors.Is(err, fs.ErrPermission) {
			t.Errorf("%v, want the error of the renaming", err)
		}
		awaitIdle(t, j)
		if retry := time.Until(j.file.backoff.retryAt); retry <= 0 {
			t.Errorf("tried again in %v", retry)
		}
		if got := read(t, j.file.path); got != "one\ntwo\n" {
			t.Errorf("file whose fsync failed: %q", got)
		}
		if got := names(t, fsys.root); len(got) != 1 {
			t.Errorf("directory: %q", got)
		}
	}
	removeRename()
	expireRetry(t, j)
	mustAppend(t, j, always, "four\n")
	if got := read(t, j.file.path); got != "four\n" || !fsys.isDurable("one\n") {
		t.Errorf("fresh file: %q; the first line is durable: %t", got, fsys.isDurable("one\n"))
	}
}

func TestFailedFsyncOfAFileThatSomebodyMovedMeanwhile(t *testing.T) {
	skipWhereOpenFilesCannotBeRenamed(t)
	j, fsys := newJournal(t)
	mustAppend(t, j, always, "one\n")
	fsys.add(hook{op: opSync, nth: 1, before: func() error {
		return errors.Join(fsys.moveAway(j.file.path, j.file.path+".1"), errDisk)
	}})
	if err := await(t, goAppend(j, always, "two\n")); !errors.Is(err, errDisk) {
		t.Error(err)
	}
	expireRetry(t, j)
	mustAppend(t, j, always, "three\n")
	if got := names(t, fsys.root); !slices.Equal(got, []string{"events.jsonl", "events.jsonl.1"}) {
		t.Errorf("directory: %q", got)
	}
}

func TestFileWhoseFsyncFailedIsRenamedInSpiteOfAnError(t *testing.T) {
	j, fsys := newJournal(t)
	mustAppend(t, j, always, "one\n")
	fsys.fail(opSync, 1, errDisk)
	fsys.add(hook{op: opRename, nth: 1, after: failing(errDisk)}) // as NFS does
	if err := await(t, goAppend(j, always, "two\n")); !errors.Is(err, errDisk) {
		t.Error(err)
	}
	expireRetry(t, j)
	mustAppend(t, j, always, "three\n")
	if !fsys.isDurable("one\n") || !fsys.isDurable("three\n") {
		t.Errorf("an acknowledged line is not durable; operations: %q", fsys.trace(opCreate, opRename, opRemove, opSyncDir))
	}
}

func TestFileWhoseFsyncFailedIsReplacedByOthers(t *testing.T) {
	j, fsys := newJournal(t)
	mustAppend(t, j, always, "one\n")
	fsys.fail(opSync, 1, errDisk)
	fsys.fail(opRename, 1, errDisk)
	if err := await(t, goAppend(j, always, "two\n")); !errors.Is(err, errDisk) {
		t.Error(err)
	}
	if err := fsys.moveAway(j.file.path, j.file.path+".1"); err != nil {
		t.Fatal(err)
	}
	write(t, j.file.path, "theirs\n")
	expireRetry(t, j)
	mustAppend(t, j, always, "three\n")
	if got := read(t, j.file.path); got != "theirs\nthree\n" {
		t.Errorf("their file: %q", got)
	}
	if got := read(t, j.file.path+".1"); got != "one\ntwo\n" {
		t.Errorf("file whose fsync failed: %q", got)
	}
}

func TestFailedFsyncOfTheEntryOfAFreshFile(t *testing.T) {
	j, fsys := newJournal(t)
	fsys.add(hook{op: opSyncDir, base: filepath.Base(fsys.root), nth: 1, before: failing(errDisk)})
	if err := await(t, goAppend(j, always, "one\n")); !errors.Is(err, errDisk) || !strings.Contains(err.Error(), fsys.root) {
		t.Errorf("%v, want the disk's error and the directory", err)
	}
	awaitIdle(t, j)
	if writes, left := fsys.count(opWrite), names(t, fsys.root); writes > 0 || len(left) > 0 || fsys.descriptors() > 0 {
		t.Errorf("%d writes; left over: %q; %d descriptors", writes, left, fsys.descriptors())
	}
	expireRetry(t, j)
	mustAppend(t, j, always, "two\n")
	creates := 0
	for _, call := range fsys.trace(opCreate) {
		if call == "create events.jsonl" { // and not the name that it is set aside as
			creates++
		}
	}
	if creates != 2 || !fsys.isDurable("two\n") {
		t.Errorf("created %d times, want anew; durable: %t", creates, fsys.isDurable("two\n"))
	}
}

func TestFailedFsyncOfTheEntryOfAnExistingFile(t *testing.T) {
	j, fsys := newJournal(t)
	write(t, j.file.path, "old\n")
	fsys.add(hook{op: opSyncDir, base: filepath.Base(fsys.root), nth: 1, before: failing(errDisk)})
	if err := await(t, goAppend(j, always, "one\n")); !errors.Is(err, errDisk) {
		t.Error(err)
	}
	if got := read(t, j.file.path); got != "old\n" {
		t.Errorf("file: %q", got)
	}
	expireRetry(t, j)
	mustAppend(t, j, always, "two\n")
}

func TestMissingDirectoriesAreMadeDurably(t *testing.T) {
	_, fsys := newJournal(t)
	j := New(filepath.Join(fsys.root, "a", "b", "c", "events.jsonl"), fsys)
	defer finish(t, j, fsys)
	mustAppend(t, j, always, "one\n")
	want := []string{
		"syncdir ..", "mkdir a", "syncdir .", "mkdir a/b", "syncdir a", "mkdir a/b/c", "syncdir a/b",
		"create a/b/c/events.jsonl", "syncdir a/b/c", "write a/b/c/events.jsonl", "sync a/b/c/events.jsonl",
	}
	if got := fsys.trace(opMkdir, opCreate, opSyncDir, opWrite, opSync); !slices.Equal(got, want) {
		t.Errorf("operations: %q, want %q", got, want)
	}
	if !fsys.isDurable("one\n") {
		t.Error("the line is not durable")
	}
}

func TestFailedFsyncOfTheEntryOfADirectory(t *testing.T) {
	for _, err := range []error{errDisk, fs.ErrPermission} {
		_, fsys := newJournal(t)
		j := New(filepath.Join(fsys.root, "a", "b", "events.jsonl"), fsys)
		remove := fsys.add(hook{op: opSyncDir, base: "a", before: failing(err)})
		if got := await(t, goAppend(j, always, "one\n")); !errors.Is(got, err) {
			t.Errorf("%v, want %v", got, err)
		}
		if n := fsys.count(opCreate); n > 0 {
			t.Error("a file was created in a directory whose entry is not durable")
		}
		remove()
		expireRetry(t, j)
		mustAppend(t, j, always, "two\n")
		if n := fsys.count(opMkdir); n != 3 || !fsys.isDurable("two\n") {
			t.Errorf("%d directories made, want b anew; durable: %t", n, fsys.isDurable("two\n"))
		}
		finish(t, j, fsys)
	}
}

func TestParentThatMayNotBeReadIsTolerated(t *testing.T) {
	j, fsys := newJournal(t)
	parent := filepath.Base(filepath.Dir(fsys.root))
	remove := fsys.add(hook{op: opSyncDir, base: parent, before: failing(errDisk)})
	if err := await(t, goAppend(j, always, "one\n")); !errors.Is(err, errDisk) {
		t.Errorf("%v, want the disk's error", err)
	}
	remove()
	expireRetry(t, j)
	fsys.add(hook{op: opSyncDir, base: parent, before: failing(&fs.PathError{Op: "open", Err: syscall.EACCES})})
	mustAppend(t, j, always, "two\n")
}

func TestFileMovedByOthers(t *testing.T) {
	skipWhereOpenFilesCannotBeRenamed(t)
	moments := []struct {
		name string
		hook func(func() error) hook // nil for before the batch
		o    *Options
	}{
		{"before the batch", nil, always},
		{"before the batch, with a line not yet fsynced", nil, never},
		{"before the write", func(do func() error) hook { return hook{op: opWrite, before: do} }, always},
		{"between write and fsync", func(do func() error) hook { return hook{op: opSync, before: do} }, always},
		{"between fsync and comparison", func(do func() error) hook { return hook{op: opSync, after: do} }, always},
		{"between write and comparison", func(do func() error) hook { return hook{op: opWrite, after: do} }, never},
	}
	actions := map[string]func(t *testing.T, fsys *faultFS, path string) error{
		"renamed": func(_ *testing.T, fsys *faultFS, path string) error {
			return fsys.moveAway(path, path+".1")
		},
		"removed": func(_ *testing.T, _ *faultFS, path string) error {
			return os.Remove(path)
		},
		"replaced": func(t *testing.T, fsys *faultFS, path string) error {
			defer write(t, path, "theirs\n")
			return fsys.moveAway(path, path+".1")
		},
		"replaced by a torn one": func(t *testing.T, fsys *faultFS, path string) error {
			defer write(t, path, "thei")
			return fsys.moveAway(path, path+".1")
		},
	}
	for _, moment := range moments {
		for name, action := range actions {
			t.Run(name+" "+moment.name, func(t *testing.T) {
				j, fsys := newJournal(t)
				mustAppend(t, j, moment.o, "one\n")
				awaitIdle(t, j)
				act := func() error { return action(t, fsys, j.file.path) }
				if moment.hook == nil {
					if err := act(); err != nil {
						t.Fatal(err)
					}
				} else {
					h := moment.hook(act)
					h.nth = 1
					fsys.add(h)
				}

				mustAppend(t, j, moment.o, "two\n")

				if got := read(t, j.file.path); !strings.HasSuffix("\n"+got, "\ntwo\n") {
					t.Errorf("file at the path: %q", got)
				}
				if name != "removed" {
					if got := read(t, j.file.path+".1"); !strings.HasPrefix(got, "one\n") {
						t.Errorf("file that was moved away: %q", got)
					}
					if !fsys.isDurable("one\n") {
						t.Error("the first line is not durable")
					}
				}
				if moment.o.Sync == SyncAlways && !fsys.isDurable("two\n") {
					t.Error("the second line is not durable")
				}
				awaitIdle(t, j)
				if n := fsys.descriptors(); n != 1 {
					t.Errorf("%d descriptors open", n)
				}
			})
		}
	}
}

func TestFileThatIsMovedAllTheTime(t *testing.T) {
	skipWhereOpenFilesCannotBeRenamed(t)
	j, fsys := newJournal(t)
	moves := 0
	remove := fsys.add(hook{op: opSync, after: func() error {
		moves++
		return fsys.moveAway(j.file.path, fmt.Sprintf("%s.%d", j.file.path, moves))
	}})
	if err := await(t, goAppend(j, always, "one\n")); err == nil || !strings.Contains(err.Error(), j.file.path) {
		t.Errorf("%v, want an error with the path", err)
	}
	if n := fsys.count(opWrite); n != maxRewrites {
		t.Errorf("%d writes, want %d", n, maxRewrites)
	}
	remove()
	mustAppend(t, j, always, "two\n")
}

func TestTornLineOfAnotherProcess(t *testing.T) {
	moments := map[string]op{
		"between the batches":             "",
		"between the join and the write":  opWrite,
		"at the file that is just opened": opSyncDir,
	}
	tests := []struct{ name, theirs, want string }{
		{"torn", "xyz", "xyztwo\ntwo\nthree\n"},
		{"whole", "xyz\n", "xyz\ntwo\nthree\n"},
	}
	for name, moment := range moments {
		for _, test := range tests {
			t.Run(test.name+" "+name, func(t *testing.T) {
				j, fsys := newJournal(t)
				mustAppend(t, j, always, "one\n")
				add := func() error {
					f, err := os.OpenFile(j.file.path, os.O_WRONLY|os.O_APPEND, 0)
					if err != nil {
						return err
					}
					_, err = f.WriteString(test.theirs)
					return errors.Join(err, f.Close())
				}
				if moment == opSyncDir {
					if err := j.Close(context.Background()); err != nil {
						t.Fatal(err)
					}
				}
				if moment == "" {
					if err := add(); err != nil {
						t.Fatal(err)
					}
				} else {
					fsys.add(hook{op: moment, base: map[op]string{opSyncDir: filepath.Base(fsys.root)}[moment], nth: 1, before: add})
				}
				mustAppend(t, j, always, "two\n")
				mustAppend(t, j, always, "three\n")
				if got := read(t, j.file.path); got != "one\n"+test.want {
					t.Errorf("file: %q, want %q", got, "one\n"+test.want)
				}
			})
		}
	}
}

func TestFileTruncatedByOthers(t *testing.T) {
	for _, rest := range []string{"", "on"} { // as copytruncate leaves it, and otherwise
		j, _ := newJournal(t)
		mustAppend(t, j, always, "one\n")
		if err := os.Truncate(j.file.path, int64(len(rest))); err != nil {
			t.Fatal(err)
		}
		mustAppend(t, j, always, "two\n")
		if linesBelow(t, filepath.Dir(j.file.path))["two\n"] != 1 {
			t.Errorf("file: %q", read(t, j.file.path))
		}
	}
}

func TestTwoJournalsOnOnePath(t *testing.T) {
	const goroutines, each = 8, 40
	first, firstFS := newJournal(t)
	secondFS := newFaultFS(firstFS.root)
	second := New(first.file.path, secondFS)
	defer finish(t, second, secondFS)
	mustAppend(t, first, always, "first\n")
	want := map[string]bool{"first\n": true}
	var wg sync.WaitGroup
	for i, j := range []*Journal{first, second} {
		for g := range goroutines {
			for n := range each {
				want[fmt.Sprintf("%d %d %d\n", i, g, n)] = true
			}
			wg.Add(1)
			go func() {
				defer wg.Done()
				for n := range each {
					line := fmt.Sprintf("%d %d %d\n", i, g, n)
					if err := j.Append(context.Background(), []byte(line), []*Options{always, never}[n%2]); err != nil {
						t.Error(err)
					}
				}
			}()
		}
	}
	wg.Wait()
	got := linesBelow(t, firstFS.root)
	for line, n := range got {
		if n != 1 || !want[line] {
			t.Errorf("%q is there %d times", line, n)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d lines, want %d", len(got), len(want))
	}
}

func TestPathThatIsNoFile(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "file"), "")
	for name, path := range map[string]string{
		"directory":            dir,
		"a file above it":      filepath.Join(dir, "file", "events.jsonl"),
		"a file far above it":  filepath.Join(dir, "file", "a", "events.jsonl"),
		"no name, but a slash": dir + string(filepath.Separator),
	} {
		t.Run(name, func(t *testing.T) {
			fsys := newFaultFS(dir)
			j := New(path, fsys)
			for range 2 {
				err := await(t, goAppend(j, always, "one\n"))
				if err == nil || !strings.Contains(err.Error(), filepath.Dir(path)) {
					t.Errorf("%v, want an error with the path", err)
				}
			}
			finish(t, j, fsys)
		})
	}
}

// failing returns what a hook does to fail with err.
func failing(err error) func() error { return func() error { return err } }

func write(t testing.TB, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Error(err)
	}
}

func names(t testing.TB, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}

func skipWhereOpenFilesCannotBeRenamed(t *testing.T) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("an open file cannot be renamed here")
	}
}
