package dedupe

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"
)

// What failed is not remembered, and what comes while it is being stored waits
// for the outcome.
func TestWhatFails(t *testing.T) {
	d := newDeduplicator()
	failure := errors.New("disk")
	if duplicate, err := d.Do(context.Background(), KeyOf("a"), time.Hour, func() error { return failure }); duplicate || !errors.Is(err, failure) {
		t.Error(duplicate, err)
	}
	for _, outcome := range []error{failure, nil} {
		begun, finish := make(chan struct{}), make(chan error)
		var first, second sync.WaitGroup
		first.Add(1)
		go func() {
			defer first.Done()
			_, _ = d.Do(context.Background(), KeyOf("a"), time.Hour, func() error { close(begun); return <-finish })
		}()
		<-begun

		ended, cancel := context.WithCancel(context.Background())
		cancel()
		if _, err := d.Do(ended, KeyOf("a"), time.Hour, func() error { t.Error("stored"); return nil }); !errors.Is(err, context.Canceled) {
			t.Errorf("waiting for longer than may be: %v", err)
		}

		stored := 0
		second.Add(1)
		go func() {
			defer second.Done()
			duplicate, err := d.Do(context.Background(), KeyOf("a"), time.Hour, func() error { stored++; return failure })
			if duplicate != (outcome == nil) || (err == nil) != duplicate {
				t.Errorf("after %v: duplicate %t, %v", outcome, duplicate, err)
			}
		}()
		finish <- outcome
		first.Wait()
		second.Wait()
		if (stored == 1) != (outcome != nil) {
			t.Errorf("after %v: stored %d times", outcome, stored)
		}
	}
	if len(d.storing) != 0 {
		t.Errorf("%d left", len(d.storing))
	}
}

// TestBound: the oldest are forgotten when there is no room.
func TestBound(t *testing.T) {
	const limit = 10_000
	d := newDeduplicator()
	d.limit = limit
	ok := func() error { return nil }
	for i := range limit + 100 {
		if duplicate, _ := d.Do(context.Background(), KeyOf(fmt.Sprint(i)), time.Hour, ok); duplicate {
			t.Fatalf("%d is a duplicate", i)
		}
	}
	if len(d.stored) != limit || d.order.len() != limit {
		t.Errorf("%d, %d", len(d.stored), d.order.len())
	}
	for i, want := range map[int]bool{99: false, 200: true, limit: true} {
		if duplicate, _ := d.Do(context.Background(), KeyOf(fmt.Sprint(i)), time.Hour, ok); duplicate != want {
			t.Errorf("%d is a duplicate: %t", i, duplicate)
		}
	}
}

// TestPanic: what was not stored is not remembered.
func TestPanic(t *testing.T) {
	d := newDeduplicator()
	func() {
		defer func() { _ = recover() }()
		_, _ = d.Do(context.Background(), KeyOf("a"), time.Hour, func() error { panic("oh") })
	}()
	if duplicate, err := d.Do(context.Background(), KeyOf("a"), time.Hour, func() error { return nil }); duplicate || err != nil {
		t.Error(duplicate, err)
	}
}

// TestWindowsDoNotHurt: of receivers that share, none has the other forget.
func TestWindowsDoNotHurt(t *testing.T) {
	const long, short = time.Hour, time.Nanosecond
	d, release := Share(t.Name(), long, nil)
	other, releaseShort := Share(t.Name(), short, nil)
	defer releaseShort()
	if other != d {
		t.Fatal("nothing in common")
	}
	stores := 0
	do := func(window time.Duration, key string) {
		if _, err := d.Do(context.Background(), KeyOf(key), window, func() error { stores++; return nil }); err != nil {
			t.Error(err)
		}
	}
	for range 3 {
		do(short, "of the short one")
	}
	do(long, "of the long one")
	do(short, "of the short one")
	do(long, "of the long one")
	if stores != 5 {
		t.Errorf("%d stored, want 5", stores)
	}
	release() // then the short window is the longest
	release()
	do(short, "another")
	if d.order.len() != 1 || len(d.stored) != 1 {
		t.Errorf("%d remembered, and %d, want 1", d.order.len(), len(d.stored))
	}
}
