package files

import (
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"
)

// What one of several needs is kept over its number, and goes when nobody does any more.
func TestWhatIsHeldIsKept(t *testing.T) {
	k, fsys := newKeeper(t)
	old := writeRotated(t, k, 3*time.Hour, "old\n")
	writeRotated(t, k, 2*time.Hour, "middle\n")
	writeRotated(t, k, time.Hour, "new\n")
	at := mustParse(t, old).At
	expiring := func(time.Time) { t.Error("nothing expires") }
	release := k.Hold(func(rotated time.Time) bool { return rotated.Equal(at) }, expiring)
	other := k.Hold(func(time.Time) bool { return false }, expiring)
	start(k, "user", Wishes{Keep: 1})
	awaitIdle(t, k)
	if got := contents(t, fsys.root); !slices.Equal(got, []string{"old\n", "new\n"}) {
		t.Errorf("held: %q", got)
	}
	other()
	awaitIdle(t, k)
	if got := contents(t, fsys.root); len(got) != 2 {
		t.Errorf("after another one has gone: %q", got)
	}
	release()
	awaitIdle(t, k)
	if got := contents(t, fsys.root); !slices.Equal(got, []string{"new\n"}) {
		t.Errorf("released: %q", got)
	}
}

func mustParse(t *testing.T, name string) Name {
	t.Helper()
	n, ok := Parse(name)
	if !ok {
		t.Fatal(name)
	}
	return n
}

// Who holds files does not keep one that is too old: all are told before, the oldest file first.
func TestWhoHoldsFilesIsToldBeforeTheyExpire(t *testing.T) {
	k, fsys := newKeeper(t)
	var want []time.Time
	for _, ago := range []time.Duration{50 * time.Hour, 49 * time.Hour} {
		want = append(want, mustParse(t, writeRotated(t, k, ago, "old\n")).At)
	}
	writeRotated(t, k, time.Hour, "new\n")
	var mu sync.Mutex
	told := make([][]time.Time, 2)
	for i := range told {
		k.Hold(func(time.Time) bool { return true }, func(rotated time.Time) {
			mu.Lock()
			defer mu.Unlock()
			if n := len(names(t, fsys.root)); n != 3 {
				t.Errorf("told with %d files left", n)
			}
			told[i] = append(told[i], rotated)
		})
	}
	start(k, "user", Wishes{KeepFor: 24 * time.Hour})
	awaitIdle(t, k)
	if got := contents(t, fsys.root); !slices.Equal(got, []string{"new\n"}) {
		t.Errorf("left: %q", got)
	}
	for i := range told {
		if !reflect.DeepEqual(told[i], want) {
			t.Errorf("told: %v, want %v", told[i], want)
		}
	}
}

// A file is removed though somebody does not answer, who is waited for once, and told of the rest
// all the same.
func TestWhoDoesNotAnswerKeepsNothing(t *testing.T) {
	k, fsys := newKeeper(t)
	for i := range 20 {
		writeRotated(t, k, time.Duration(48+i)*time.Hour, "old\n")
	}
	k.tellFor = 100 * time.Millisecond
	hangs := make(chan struct{})
	var told sync.WaitGroup
	told.Add(20)
	k.Hold(func(time.Time) bool { return true }, func(time.Time) { told.Done(); <-hangs })
	began := time.Now()
	start(k, "user", Wishes{KeepFor: 24 * time.Hour})
	awaitIdle(t, k)
	if took := time.Since(began); took < k.tellFor || took > 10*k.tellFor {
		t.Errorf("it took %s", took)
	}
	told.Wait()
	close(hangs)
	if got := names(t, fsys.root); len(got) != 0 {
		t.Errorf("left: %q", got)
	}
}
