package status

import (
	"sync"
	"testing"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/outcome"
)

// TestMinutes: each minute of the last hour has its own, and what is older is forgotten.
func TestMinutes(t *testing.T) {
	var m minutes
	start := time.Date(2026, 11, 26, 14, 58, 0, 0, time.UTC)
	count := func(after time.Duration, stored, refused int) {
		for range stored {
			m.count(start.Add(after), false)
		}
		for range refused {
			m.count(start.Add(after), true)
		}
	}
	see := func(after time.Duration, want map[int][2]uint32) {
		t.Helper()
		for i, got := range m.last(start.Add(after)) {
			if got != want[i] {
				t.Errorf("after %s: %d minutes ago there were %v, want %v", after, hour-1-i, got, want[i])
			}
		}
	}
	see(0, nil)
	count(0, 1, 0)
	count(time.Minute-time.Nanosecond, 1, 2)
	see(59*time.Second, map[int][2]uint32{59: {2, 2}})
	count(time.Minute, 0, 1)
	count(2*time.Minute, 3, 0) // the next hour
	see(2*time.Minute, map[int][2]uint32{57: {2, 2}, 58: {0, 1}, 59: {3, 0}})
	count(time.Minute+30*time.Second, 1, 0) // it took long
	see(3*time.Minute, map[int][2]uint32{56: {2, 2}, 57: {1, 1}, 58: {3, 0}})
	see(59*time.Minute+59*time.Second, map[int][2]uint32{0: {2, 2}, 1: {1, 1}, 2: {3, 0}})
	see(time.Hour, map[int][2]uint32{0: {1, 1}, 1: {3, 0}}) // the first is an hour ago
	count(time.Hour, 0, 5)
	see(time.Hour, map[int][2]uint32{0: {1, 1}, 1: {3, 0}, 59: {0, 5}})
	see(24*time.Hour, nil)
	count(24*time.Hour, 1, 0)
	see(24*time.Hour, map[int][2]uint32{59: {1, 0}})
	count(-time.Hour, 2, 0) // the clock was set back
	see(-time.Hour, map[int][2]uint32{59: {2, 0}})
}

// TestMinutesAtOnce: within a minute nothing is lost, and while it begins no more than those who count it then.
func TestMinutesAtOnce(t *testing.T) {
	var m minutes
	const callers, each = 8, 500
	start := time.Date(2026, 11, 26, 23, 59, 0, 0, time.UTC)
	all := func(count func(i int)) {
		var wait sync.WaitGroup
		for range callers {
			wait.Add(1)
			go func() {
				defer wait.Done()
				for i := range each {
					count(i)
				}
			}()
		}
		wait.Wait()
	}
	m.count(start, false)
	all(func(i int) {
		m.count(start.Add(time.Duration(i)), i%2 == 0)
		m.last(start)
	})
	if got := m.last(start)[hour-1]; got != [2]uint32{callers*each/2 + 1, callers * each / 2} {
		t.Errorf("there were %v", got)
	}
	all(func(i int) { m.count(start.Add(time.Duration(i)*time.Minute), false) })
	for i, got := range m.last(start.Add((each - 1) * time.Minute)) {
		if got[0] > callers || got[1] != 0 {
			t.Errorf("in minute %d there were %v", i, got)
		}
	}
}

// TestRequestsOfTheHour: what was stored and refused is counted, and nothing else; Counted counts everything.
func TestRequestsOfTheHour(t *testing.T) {
	r := receiver(t, "/hour")
	now, before := time.Now(), Counted()
	for _, became := range outcome.All {
		r.Counts().Count(became, now, nobody)
	}
	if got := Counted() - before; got != uint64(len(outcome.All)) {
		t.Errorf("%d are counted of %d", got, len(outcome.All))
	}
	stored, refused := uint32(0), uint32(0)
	got := reportOf(t, "/hour")
	for _, of := range got.Minutes {
		stored, refused = stored+of[0], refused+of[1]
	}
	if refusals := len(outcome.All) - 4; stored != 1 || refused != uint32(refusals) { // stored, verified, duplicate, wrong method
		t.Errorf("%d stored, %d refused", stored, refused)
	}
	if got.LastVerifier != nobody() {
		t.Errorf("%q has verified it", got.LastVerifier)
	}
}

// TestMinutesAround1970: a machine whose clock nobody has set begins there.
func TestMinutesAround1970(t *testing.T) {
	var m minutes
	for _, at := range []time.Time{time.Unix(-90, 0), time.Unix(30, 0)} {
		m.count(at, true)
		if last := m.last(at); last[hour-1] != [2]uint32{0, 1} {
			t.Errorf("%s: %v", at.UTC(), last)
		}
	}
	if last := m.last(time.Unix(90, 0)); last[hour-3] != [2]uint32{0, 1} || last[hour-2] != [2]uint32{0, 1} {
		t.Errorf("%v", last)
	}
}
