package journal

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"
)

// sendAgain has the journal expect that many callers: they share one batch.
func sendAgain(t *testing.T, j *Journal, fsys *faultFS, o *Options, n int) {
	t.Helper()
	hung := fsys.block(t, opWrite)
	outcomes := []<-chan error{goAppend(j, o, "first\n")}
	hung.await(t)
	for i := range n - 1 {
		outcomes = append(outcomes, goAppend(j, o, fmt.Sprintf("line %d\n", i)))
	}
	awaitQueue(t, j, n-1)
	hung.open(nil)
	awaitAll(t, outcomes...)
}

func awaitAll(t *testing.T, outcomes ...<-chan error) {
	t.Helper()
	for _, outcome := range outcomes {
		if err := await(t, outcome); err != nil {
			t.Error(err)
		}
	}
}

// awaitGathering waits until a batch waits for more than the n lines there are.
func awaitGathering(t *testing.T, j *Journal, n int) {
	t.Helper()
	eventually(t, fmt.Sprintf("a batch with %d lines waits for more", n), func() bool {
		j.mu.Lock()
		defer j.mu.Unlock()
		return len(j.queue) == n && j.gathering.enough != nil
	})
}

func TestBatchWaitsForAllOfAFewWhoCameBefore(t *testing.T) {
	j, fsys := newJournal(t)
	sendAgain(t, j, fsys, always, 1+3)
	fsys.forget()
	j.mu.Lock()
	j.gathering.limit = time.Hour
	j.mu.Unlock()
	var outcomes []<-chan error
	for i := range 3 {
		if i > 0 {
			awaitGathering(t, j, i)
		}
		outcomes = append(outcomes, goAppend(j, always, fmt.Sprintf("again %d\n", i)))
	}
	awaitAll(t, outcomes...)
	if syncs := fsys.count(opSync); syncs != 1 {
		t.Errorf("%d fsyncs, want 1", syncs)
	}
}

func TestBatchWaitsForNineOfTenWhoCameBefore(t *testing.T) {
	j, fsys := newJournal(t)
	j.gathering.limit = time.Hour
	sendAgain(t, j, fsys, always, 1+20)
	fsys.forget()

	var outcomes []<-chan error
	for i := range 18 { // 9/10 of the last batch, which had 20 lines
		if i > 0 {
			awaitGathering(t, j, i)
		}
		outcomes = append(outcomes, goAppend(j, always, fmt.Sprintf("again %d\n", i)))
	}
	awaitAll(t, outcomes...)
	if writes, syncs := fsys.count(opWrite), fsys.count(opSync); writes != 1 || syncs != 1 {
		t.Errorf("%d writes and %d fsyncs, want 1 of each", writes, syncs)
	}
}

func TestBatchWaitsNoLongerThanTheLimit(t *testing.T) {
	const limit = 100 * time.Millisecond
	j, fsys := newJournal(t)
	j.gathering.limit = limit
	sendAgain(t, j, fsys, always, 1+20)

	began := time.Now()
	first, second := goAppend(j, always, "one\n"), goAppend(j, always, "another\n")
	awaitGathering(t, j, 2)
	awaitAll(t, first, second)
	if took := time.Since(began); took < limit {
		t.Errorf("the batch waited for %v only", took)
	}
}

func TestNobodyWaitsForCallersOfLongAgo(t *testing.T) {
	j, fsys := newJournal(t)
	j.gathering.limit = time.Hour
	sendAgain(t, j, fsys, always, 1+20)
	awaitIdle(t, j)
	j.gathering.since = j.gathering.since.Add(-time.Hour)

	mustAppend(t, j, always, "late\n")
}

func TestLoneCallerNeverWaits(t *testing.T) {
	j, _ := newJournal(t)
	j.gathering.limit = time.Hour
	for i := range 20 {
		mustAppend(t, j, always, fmt.Sprintf("line %d\n", i))
	}
	if j.gathering.timer != nil {
		t.Error("a timer was started")
	}
}

func TestNobodyWaitsWhereNothingIsFsynced(t *testing.T) {
	j, fsys := newJournal(t)
	j.gathering.limit = time.Hour
	sendAgain(t, j, fsys, never, 1+20)

	mustAppend(t, j, never, "again\n")
}

func TestSyncEndsTheWaiting(t *testing.T) {
	for name, appended := range map[string]int{"before it began": 0, "while it lasts": 1} {
		t.Run(name, func(t *testing.T) {
			j, fsys := newJournal(t)
			j.gathering.limit = time.Hour
			sendAgain(t, j, fsys, always, 1+20)
			var outcomes []<-chan error
			for range appended {
				outcomes = append(outcomes, goAppend(j, always, "line\n"))
				awaitGathering(t, j, 1)
			}
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			defer cancel()
			if err := j.Sync(ctx); err != nil {
				t.Error(err)
			}
			awaitAll(t, outcomes...)
		})
	}
}

func TestBatchThatIsLargeDoesNotWait(t *testing.T) {
	for name, lines := range map[string][]int{"one line": {gatherSize}, "more come": {gatherSize / 2, gatherSize / 2}} {
		t.Run(name, func(t *testing.T) {
			j, fsys := newJournal(t)
			j.gathering.limit = time.Hour
			sendAgain(t, j, fsys, always, 1+20)

			var outcomes []<-chan error
			for i, size := range lines {
				if i > 0 {
					awaitGathering(t, j, i)
				}
				outcomes = append(outcomes, goAppend(j, always, strings.Repeat("x", size-1)+"\n"))
			}
			awaitAll(t, outcomes...)
		})
	}
}
