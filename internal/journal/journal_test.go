package journal

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// patience is how long a test waits for what must happen soon.
const patience = 10 * time.Second

var (
	always = &Options{Sync: SyncAlways, Mode: 0o600, DirMode: 0o700}
	never  = &Options{Sync: SyncNever, Mode: 0o600, DirMode: 0o700}
)

func TestNewTouchesNothing(t *testing.T) {
	_, fsys := newJournal(t)
	if fsys.mu.Lock(); len(fsys.calls) > 0 {
		t.Errorf("calls of the file system: %v", fsys.calls)
	}
	fsys.mu.Unlock()
}

func TestAppendReturnsAfterFsyncOfFileAndEntry(t *testing.T) {
	j, fsys := newJournal(t)
	fsys.add(hook{op: opSync, before: func() error {
		if content, err := os.ReadFile(j.file.path); string(content) != "one\n" {
			t.Errorf("file at the time of its fsync: %q, %v", content, err)
		}
		return nil
	}})

	mustAppend(t, j, always, "one\n")

	if !fsys.isDurable("one\n") {
		t.Error("acknowledged, but a crash may lose it")
	}
	want := []string{"syncdir ..", "create events.jsonl", "syncdir .", "write events.jsonl", "sync events.jsonl"}
	if got := fsys.trace(opMkdir, opCreate, opSyncDir, opWrite, opSync); !slices.Equal(got, want) {
		t.Errorf("operations: %q, want %q", got, want)
	}
}

func TestLoneAppendCostsOneWriteOneFsyncAndNoTimer(t *testing.T) {
	j, fsys := newJournal(t)
	mustAppend(t, j, always, "first\n")
	fsys.forget()

	mustAppend(t, j, always, "second\n")

	want := []string{"write events.jsonl", "sync events.jsonl"}
	if got := fsys.trace(opOpen, opCreate, opSyncDir, opWrite, opSync); !slices.Equal(got, want) {
		t.Errorf("operations: %q, want %q", got, want)
	}
	awaitIdle(t, j)
	if j.syncTimer != nil {
		t.Error("a timer was started")
	}
}

func TestAppendsDuringAnFsyncShareTheNext(t *testing.T) {
	j, fsys := newJournal(t)
	hung := fsys.block(t, opSync)
	outcomes := []<-chan error{goAppend(j, always, "first\n")}
	hung.await(t)
	want := map[string]int{"first\n": 1}
	for i := range 64 {
		line := fmt.Sprintf("line %d\n", i)
		want[line] = 1
		outcomes = append(outcomes, goAppend(j, always, line))
	}
	awaitQueue(t, j, 64)
	hung.open(nil)

	for _, outcome := range outcomes {
		if err := await(t, outcome); err != nil {
			t.Error(err)
		}
	}
	if writes, syncs := fsys.count(opWrite), fsys.count(opSync); writes != 2 || syncs != 2 {
		t.Errorf("%d writes and %d fsyncs, want 2 of each: one for the first line, one for the other 64", writes, syncs)
	}
	if got := linesBelow(t, fsys.root); !maps.Equal(got, want) {
		t.Errorf("lines: %v", got)
	}
}

func TestBatchesAreBounded(t *testing.T) {
	const MiB = 1 << 20
	tests := []struct {
		name   string
		lines  []int // sizes
		writes []int
	}{
		{"several batches", []int{3 * MiB, 3 * MiB, 3 * MiB, 3 * MiB, 3 * MiB}, []int{6 * MiB, 6 * MiB, 3 * MiB}},
		{"exactly one batch", []int{maxBatch - 100, 100}, []int{maxBatch}},
		{"one byte more", []int{maxBatch - 100, 101}, []int{maxBatch - 100, 101}},
		{"a line of exactly one batch", []int{10, maxBatch, 10}, []int{10, maxBatch, 10}},
		{"a line larger than a batch", []int{10, 20, maxBatch + 1, 10, 20}, []int{30, maxBatch + 1, 30}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			j, fsys := newJournal(t)
			hung := fsys.block(t, opSync)
			outcomes := []<-chan error{goAppend(j, always, "first\n")}
			hung.await(t)
			want := "first\n"
			for i, size := range test.lines {
				line := strings.Repeat(string(rune('a'+i)), size-1) + "\n"
				want += line
				outcomes = append(outcomes, goAppend(j, always, line))
				awaitQueue(t, j, i+1)
			}
			hung.open(nil)

			for _, outcome := range outcomes {
				if err := await(t, outcome); err != nil {
					t.Error(err)
				}
			}
			if got := fsys.writes()[1:]; !slices.Equal(got, test.writes) {
				t.Errorf("writes of %v bytes, want %v", got, test.writes)
			}
			if read(t, j.file.path) != want {
				t.Error("the file is not the lines in their order")
			}
		})
	}
}

func TestConcurrentLinesStayWholeAndInOrder(t *testing.T) {
	const goroutines, each = 64, 40
	j, fsys := newJournal(t)
	var wg sync.WaitGroup
	for g := range goroutines {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := range each {
				line := fmt.Sprintf("%d %d %s\n", g, i, strings.Repeat("x", g*i%700))
				if err := j.Append(context.Background(), []byte(line), always); err != nil {
					t.Error(err)
				}
			}
		}()
	}
	wg.Wait()

	next := make([]int, goroutines)
	for _, line := range strings.SplitAfter(strings.TrimSuffix(read(t, j.file.path), "\n"), "\n") {
		var g, i int
		var rest string
		if _, err := fmt.Sscanf(line, "%d %d %s", &g, &i, &rest); err != nil && g*i%700 > 0 {
			t.Fatalf("%v in %q", err, line)
		}
		if len(rest) != g*i%700 || i != next[g] {
			t.Fatalf("%q: %d bytes at the end; expected line %d of this goroutine", line, len(rest), next[g])
		}
		next[g]++
	}
	if slices.ContainsFunc(next, func(n int) bool { return n != each }) {
		t.Errorf("lines of each goroutine: %v", next)
	}
	if batches := fsys.count(opSync); batches >= goroutines*each {
		t.Errorf("%d fsyncs: none was shared", batches)
	}
}

func TestIntervalDoesNotWaitForTheFsync(t *testing.T) {
	j, fsys := newJournal(t)
	const interval = 30 * time.Millisecond
	written := make(chan time.Time, 1)
	synced := make(chan time.Time, 1)
	fsys.add(hook{op: opWrite, nth: 1, after: func() error { written <- time.Now(); return nil }})
	fsys.add(hook{op: opSync, nth: 1, before: func() error { synced <- time.Now(); return nil }})

	mustAppend(t, j, every(interval), "one\n")
	mustAppend(t, j, every(interval), "two\n")
	if n := fsys.count(opSync); n > 0 {
		t.Errorf("%d fsyncs before Append returned", n)
	}
	if waited := await(t, synced).Sub(<-written); waited < interval {
		t.Errorf("fsynced after %v, want %v", waited, interval)
	}
	eventually(t, "both lines are durable", func() bool {
		return fsys.isDurable("one\n") && fsys.isDurable("two\n")
	})
	awaitIdle(t, j)
	if n := fsys.count(opSync); n != 1 || !j.syncAt.IsZero() {
		t.Errorf("%d fsyncs, want one for both lines; the next is due at %v", n, j.syncAt)
	}
}

func TestShorterIntervalWins(t *testing.T) {
	tests := map[string][]*Options{
		"the longer one first":  {every(time.Hour), every(100 * time.Millisecond)},
		"the shorter one first": {every(100 * time.Millisecond), every(time.Hour)},
		"one never":             {every(100 * time.Millisecond), never},
	}
	for name, options := range tests {
		for _, inOneBatch := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, in one batch %t", name, inOneBatch), func(t *testing.T) {
				j, fsys := newJournal(t)
				var hung *gate
				if inOneBatch {
					mustAppend(t, j, always, "first\n")
					fsys.forget()
					hung = fsys.block(t, opWrite)
					_ = goAppend(j, never, "hung\n")
					hung.await(t)
				}
				var outcomes []<-chan error
				for i, o := range options {
					outcomes = append(outcomes, goAppend(j, o, fmt.Sprintf("line %d\n", i)))
					if inOneBatch {
						awaitQueue(t, j, i+1)
					} else if err := await(t, outcomes[i]); err != nil {
						t.Fatal(err)
					}
				}
				if inOneBatch {
					hung.open(nil)
				}
				for _, outcome := range outcomes {
					if inOneBatch {
						if err := await(t, outcome); err != nil {
							t.Fatal(err)
						}
					}
				}
				eventually(t, "an fsync", func() bool { return fsys.count(opSync) > 0 })
			})
		}
	}
}

func TestSyncFailedIsCalled(t *testing.T) {
	j, fsys := newJournal(t)
	fsys.fail(opSync, 1, errDisk)
	failed := make(chan error, 10)
	o := every(5 * time.Millisecond)
	o.SyncFailed = func(err error) { failed <- err }

	mustAppend(t, j, o, "one\n")

	if err := await(t, failed); !errors.Is(err, errDisk) || !strings.Contains(err.Error(), j.file.path) {
		t.Errorf("SyncFailed got %q, want the disk's error and the path", err)
	}
	expireRetry(t, j)
	mustAppend(t, j, o, "two\n")
	eventually(t, "the next line is durable", func() bool { return fsys.isDurable("two\n") })
	awaitIdle(t, j)
	if len(failed) > 0 {
		t.Errorf("SyncFailed called again: %v", <-failed)
	}
	mustTellLoss(t, j)
}

// mustTellLoss has Sync, too, tell that a line is lost.
func mustTellLoss(t testing.TB, j *Journal) {
	t.Helper()
	if err := j.Sync(context.Background()); !errors.Is(err, errDisk) {
		t.Errorf("Sync: %v, though a line is lost", err)
	}
}

func TestSyncNeverLeavesItToSyncAndClose(t *testing.T) {
	j, fsys := newJournal(t)
	if err := j.Sync(context.Background()); err != nil {
		t.Errorf("Sync without a file: %v", err)
	}
	mustAppend(t, j, never, "one\n")
	awaitIdle(t, j)
	if n := fsys.count(opSync); n > 0 || j.syncTimer != nil {
		t.Errorf("%d fsyncs, timer %v", n, j.syncTimer)
	}

	for range 2 {
		if err := j.Sync(context.Background()); err != nil {
			t.Error(err)
		}
	}
	if n := fsys.count(opSync); n != 1 || !fsys.isDurable("one\n") {
		t.Errorf("%d fsyncs after two calls of Sync, want one, as nothing was written in between", n)
	}

	mustAppend(t, j, never, "two\n")
	if err := j.Close(context.Background()); err != nil {
		t.Error(err)
	}
	if !fsys.isDurable("two\n") {
		t.Error("not fsynced by Close")
	}
}

func TestAlwaysInABatchFsyncsAllOfIt(t *testing.T) {
	j, fsys := newJournal(t)
	hung := fsys.block(t, opSync)
	outcomes := []<-chan error{goAppend(j, always, "first\n")}
	hung.await(t)
	for i, o := range []*Options{never, always, every(time.Hour)} {
		outcomes = append(outcomes, goAppend(j, o, fmt.Sprintf("line %d\n", i)))
		awaitQueue(t, j, i+1)
	}
	hung.open(nil)
	for _, outcome := range outcomes {
		if err := await(t, outcome); err != nil {
			t.Error(err)
		}
	}
	awaitIdle(t, j)
	if n := fsys.count(opSync); n != 2 || j.syncTimer != nil {
		t.Errorf("%d fsyncs, want 2; timer %v, want none", n, j.syncTimer)
	}
	for line := range linesBelow(t, fsys.root) {
		if !fsys.isDurable(line) {
			t.Errorf("%q is not durable", line)
		}
	}
}

func TestContextEndsWhileAnFsyncHangs(t *testing.T) {
	j, fsys := newJournal(t)
	hung := fsys.block(t, opSync)
	deadline, cancelDeadline := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancelDeadline()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	writing := goAppendContext(deadline, j, always, "being written\n")
	hung.await(t)
	before := goAppend(j, always, "before\n")
	awaitQueue(t, j, 1)
	queued := goAppendContext(ctx, j, always, "withdrawn\n")
	awaitQueue(t, j, 2)
	after := goAppend(j, always, "after\n")
	awaitQueue(t, j, 3)

	cancel()
	if err := await(t, queued); !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), j.file.path) {
		t.Errorf("line that waits for the next batch: %v", err)
	}
	if err := await(t, writing); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("line whose fsync hangs: %v", err)
	}
	awaitQueue(t, j, 2)
	hung.open(nil)

	for _, outcome := range []<-chan error{before, after} {
		if err := await(t, outcome); err != nil {
			t.Error(err)
		}
	}
	awaitIdle(t, j)
	if got, want := read(t, j.file.path), "being written\nbefore\nafter\n"; got != want {
		t.Errorf("file: %q, want %q", got, want)
	}
}

func TestWithdrawnLinesFreeTheirMemory(t *testing.T) {
	j, fsys := newJournal(t)
	hung := fsys.block(t, opSync)
	first := goAppend(j, always, "first\n")
	hung.await(t)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var withdrawn []<-chan error
	for i := range 100 {
		withdrawn = append(withdrawn, goAppendContext(ctx, j, always, fmt.Sprintf("%d\n", i)))
	}
	awaitQueue(t, j, 100)
	cancel()
	for _, outcome := range withdrawn {
		if err := await(t, outcome); !errors.Is(err, context.Canceled) {
			t.Errorf("withdrawn line: %v", err)
		}
	}

	j.mu.Lock()
	if i := slices.IndexFunc(j.queue[:cap(j.queue)], func(r *request) bool { return r != nil }); i >= 0 || len(j.queue) > 0 {
		t.Errorf("queue of %d, and its memory still refers to a line at %d", len(j.queue), i)
	}
	j.mu.Unlock()
	hung.open(nil)
	if err := await(t, first); err != nil {
		t.Error(err)
	}
}

func TestHungFsyncFailsAfterItsCallerHasGone(t *testing.T) {
	j, fsys := newJournal(t)
	mustAppend(t, j, always, "first\n")
	hung := fsys.block(t, opSync)
	ctx, cancel := context.WithCancel(context.Background())
	gone := goAppendContext(ctx, j, always, "gone\n")
	hung.await(t)
	cancel()
	if err := await(t, gone); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	hung.open(errDisk)
	expireRetry(t, j)
	mustAppend(t, j, always, "next\n")
	if !fsys.isDurable("first\n") || !fsys.isDurable("next\n") {
		t.Error("an acknowledged line is not durable")
	}
}

func TestReadyOutcomeIsPreferredToEndedContext(t *testing.T) {
	j, _ := newJournal(t)
	j.committing = true // so that nobody does
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for range 100 {
		r := &request{line: []byte("line\n"), options: always, done: make(chan error, 1)}
		r.done <- nil
		if err := j.do(ctx, r); err != nil {
			t.Fatal(err)
		}
		j.queue = nil
	}
	j.committing = false
}

func TestCloseFsyncsAndClosesTheFile(t *testing.T) {
	for _, o := range []*Options{never, every(time.Hour), always} {
		t.Run(o.Sync.String(), func(t *testing.T) {
			j, fsys := newJournal(t)
			mustAppend(t, j, o, "one\n")
			if n := fsys.descriptors(); n != 1 {
				t.Errorf("%d descriptors open before Close", n)
			}
			if err := j.Close(context.Background()); err != nil {
				t.Error(err)
			}
			if n := fsys.descriptors(); n != 0 || !fsys.isDurable("one\n") {
				t.Errorf("%d descriptors open, durable: %t", n, fsys.isDurable("one\n"))
			}
		})
	}
}

func TestCloseReportsItsFailedFsync(t *testing.T) {
	j, fsys := newJournal(t)
	mustAppend(t, j, never, "one\n")
	fsys.fail(opSync, 1, errDisk)
	if err := j.Close(context.Background()); !errors.Is(err, errDisk) {
		t.Error(err)
	}
	if n := fsys.descriptors(); n != 0 {
		t.Errorf("%d descriptors open", n)
	}
}

func TestClosedJournalTakesLinesAndKeepsNothingOpen(t *testing.T) {
	j, fsys := newJournal(t)
	mustAppend(t, j, always, "one\n")
	for i, o := range []*Options{always, every(time.Hour), never} {
		if err := j.Close(context.Background()); err != nil {
			t.Error(err)
		}
		line := fmt.Sprintf("after close %d\n", i)
		mustAppend(t, j, o, line)
		awaitIdle(t, j)
		if n := fsys.descriptors(); n != 0 || !fsys.isDurable(line) {
			t.Errorf("%q: %d descriptors open, durable: %t", line, n, fsys.isDurable(line))
		}
	}
	if j.syncTimer != nil {
		t.Error("a timer was started for a file that is closed")
	}
}

func TestCloseDuringAppends(t *testing.T) {
	j, fsys := newJournal(t)
	var wg sync.WaitGroup
	for g := range 16 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := range 20 {
				line := fmt.Sprintf("%d %d\n", g, i)
				err := j.Append(context.Background(), []byte(line), []*Options{always, never, every(time.Millisecond)}[i%3])
				if err != nil {
					t.Error(err)
				}
				if g == 0 && i == 10 {
					if err := j.Close(context.Background()); err != nil {
						t.Error(err)
					}
				}
			}
		}()
	}
	wg.Wait()
	awaitIdle(t, j)
	if n := fsys.descriptors(); n != 0 {
		t.Errorf("%d descriptors open", n)
	}
	lines := linesBelow(t, fsys.root)
	for line := range lines {
		if !fsys.isDurable(line) {
			t.Errorf("%q is not durable", line)
		}
	}
	if len(lines) != 16*20 {
		t.Errorf("%d lines", len(lines))
	}
}

func TestNothingRunsWhileNothingWaits(t *testing.T) {
	before := runtime.NumGoroutine()
	j, _ := newJournal(t)
	for i := range 10 {
		mustAppend(t, j, every(time.Millisecond), fmt.Sprintf("%d\n", i))
	}
	eventually(t, "all goroutines end", func() bool {
		j.mu.Lock()
		defer j.mu.Unlock()
		return runtime.NumGoroutine() <= before && !j.committing && j.syncAt.IsZero()
	})
}

// newJournal returns a Journal of events.jsonl in a directory of its own. At
// the end of the test nothing may be open, and nothing forbidden been done.
func newJournal(t testing.TB) (*Journal, *faultFS) {
	t.Helper()
	dir := t.TempDir()
	fsys := newFaultFS(dir)
	j := New(filepath.Join(dir, "events.jsonl"), fsys)
	t.Cleanup(func() { finish(t, j, fsys) })
	return j, fsys
}

func finish(t testing.TB, j *Journal, fsys *faultFS) {
	t.Helper()
	if err := j.Close(context.Background()); err != nil {
		t.Errorf("Close: %v", err)
	}
	awaitIdle(t, j)
	if n := fsys.descriptors(); n != 0 {
		t.Errorf("%d descriptors open after Close", n)
	}
	for _, fault := range fsys.faults() {
		t.Error(fault)
	}
}

// every returns the options for an fsync at least that often.
func every(interval time.Duration) *Options {
	return &Options{Sync: interval, Mode: 0o600, DirMode: 0o700}
}

func mustAppend(t testing.TB, j *Journal, o *Options, line string) {
	t.Helper()
	if err := await(t, goAppend(j, o, line)); err != nil {
		t.Fatalf("Append of %q: %v", line, err)
	}
}

func goAppend(j *Journal, o *Options, line string) <-chan error {
	return goAppendContext(context.Background(), j, o, line)
}

func goAppendContext(ctx context.Context, j *Journal, o *Options, line string) <-chan error {
	outcome := make(chan error, 1)
	go func() { outcome <- j.Append(ctx, []byte(line), o) }()
	return outcome
}

// await returns what comes from a channel soon.
func await[T any](t testing.TB, c <-chan T) (value T) {
	t.Helper()
	select {
	case value = <-c:
	case <-time.After(patience):
		t.Fatal("nothing came")
	}
	return value
}

// awaitQueue waits until so many requests wait for the next batch.
func awaitQueue(t testing.TB, j *Journal, n int) {
	t.Helper()
	eventually(t, fmt.Sprintf("%d requests wait", n), func() bool {
		j.mu.Lock()
		defer j.mu.Unlock()
		return len(j.queue) == n
	})
}

// awaitIdle waits until j does nothing. Then the test may look into j.file, and
// change it, until the next line.
func awaitIdle(t testing.TB, j *Journal) {
	t.Helper()
	eventually(t, "the journal is idle", func() bool {
		j.mu.Lock()
		committing := j.committing
		j.mu.Unlock()
		return !committing && !j.keeper.Works()
	})
}

// expireRetry waits until j does nothing, and ends the time in which it does
// not try again after a failure.
func expireRetry(t testing.TB, j *Journal) {
	t.Helper()
	awaitIdle(t, j)
	if !j.file.backoff.retryAt.IsZero() {
		j.file.backoff.retryAt = time.Now().Add(-time.Millisecond)
	}
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

func read(t testing.TB, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// linesBelow returns how often each line is, whole, in the files below dir.
func linesBelow(t testing.TB, dir string) map[string]int {
	t.Helper()
	lines := map[string]int{}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		for _, line := range strings.SplitAfter(string(decompressed(path, content)), "\n") {
			lines[line]++
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	maps.DeleteFunc(lines, func(line string, _ int) bool { return !strings.HasSuffix(line, "\n") })
	return lines
}

// TestTimeoutBehindManyBatches has callers wait behind many batches that are
// short: none waits much longer than its own timeout.
func TestTimeoutBehindManyBatches(t *testing.T) {
	fsys := newFaultFS(t.TempDir())
	fsys.add(hook{op: opSync, before: func() error { time.Sleep(2 * time.Millisecond); return nil }})
	fsys.fail(opRename, 0, errDisk)
	j := New(filepath.Join(fsys.root, "events.jsonl"), fsys)
	o := &Options{Mode: 0o600, DirMode: 0o700, Rotation: Rotation{Size: 10}} // a line is a batch
	var worst, timedOut atomic.Int64
	var wg sync.WaitGroup
	for i := range 2000 { // for four seconds and more
		wg.Add(1)
		go func() {
			defer wg.Done()
			ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
			defer cancel()
			began := time.Now()
			if err := j.Append(ctx, fmt.Appendf(nil, "line-%04d\n", i), o); err != nil {
				timedOut.Add(1)
			}
			took := int64(time.Since(began))
			for seen := worst.Load(); took > seen && !worst.CompareAndSwap(seen, took); seen = worst.Load() {
			}
		}()
	}
	wg.Wait()
	if took := time.Duration(worst.Load()); took > 2*time.Second || timedOut.Load() == 0 {
		t.Errorf("somebody waited for %s; %d gave up", took, timedOut.Load())
	}
	if err := j.Close(context.Background()); err != nil {
		t.Error(err)
	}
}
