package status

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/outcome"
)

// receiver returns one that is in effect, and is not counted by others.
func receiver(t *testing.T, site string) *Receiver {
	r := &Receiver{
		Name: t.Name(), Provider: "p", Loaded: time.Now(), InEffect: func() bool { return true },
		Sites: func() []string { return []string{site} },
	}
	r.Counts = func() *Counts { return CountsOf(r) }
	t.Cleanup(Publish(r))
	return r
}

// reportOf returns the report of a receiver, by its site.
func reportOf(t *testing.T, site string) ReceiverReport {
	t.Helper()
	receivers := Now().Receivers
	i := slices.IndexFunc(receivers, func(r ReceiverReport) bool { return r.Name == t.Name() && r.Sites[0] == site })
	if i < 0 {
		t.Fatalf("%s is not reported", site)
	}
	return receivers[i]
}

func nobody() string { return "203.0.113.9" }

// TestCounts: each receiver has its own, of the same name, too, and a reload takes
// none away.
func TestCounts(t *testing.T) {
	a, b := receiver(t, "/a"), receiver(t, "/b")
	at := time.Now().Add(-time.Minute)
	for range 3 {
		a.Counts().Count(outcome.Stored, at, nobody)
	}
	b.Counts().Count(outcome.Verified, at, nobody)
	again := receiver(t, "/a")
	again.Counts().Count(outcome.BadToken, at, nobody)

	got := reportOf(t, "/a")
	if got.Requests[outcome.Stored] != 3 || got.Requests[outcome.BadToken] != 1 || got.LastVerification != nil || !got.LastEvent.Equal(at) {
		t.Errorf("a: %+v", got)
	}
	if got := reportOf(t, "/b"); got.Requests[outcome.Stored] != 0 || got.LastEvent != nil || !got.LastVerification.Equal(at) {
		t.Errorf("b: %+v", got)
	}
	for _, name := range outcome.All {
		if _, ok := got.Requests[name]; !ok {
			t.Errorf("%s is not counted", name)
		}
	}
}

// TestOnlyWhatIsInEffectIsReported leaves out rejected configs, and old ones.
func TestOnlyWhatIsInEffectIsReported(t *testing.T) {
	r := receiver(t, "/a")
	r.InEffect = func() bool { return false }
	withdrawn := &Receiver{Name: t.Name(), InEffect: func() bool { return true }}
	Publish(withdrawn)()
	for _, r := range Now().Receivers {
		if r.Name == t.Name() {
			t.Errorf("%+v", r)
		}
	}
}

// TestWarnings has each warning come and go.
func TestWarnings(t *testing.T) {
	now := time.Now()
	file := filepath.Join(t.TempDir(), "events.jsonl")
	good := func() (*Receiver, *Counts) {
		r := &Receiver{Outputs: []Output{{Name: "file", Durable: true, Failing: func() bool { return false }}}, Sites: func() []string { return nil }}
		c := &Counts{since: now}
		r.Counts = func() *Counts { return c }
		return r, c
	}
	many := func(c *Counts, became string, n int) {
		for range n {
			c.Count(became, now, nobody)
		}
		c.refused(Refusal{Status: 403, Reason: "of the token"})
	}
	for name, test := range map[string]struct {
		want  string // "": no warning
		setUp func(r *Receiver, c *Counts)
	}{
		"all is well":              {"", func(*Receiver, *Counts) {}},
		"never verified":           {"never verified", func(r *Receiver, _ *Counts) { r.Verifies = true }},
		"verified":                 {"", func(r *Receiver, c *Counts) { r.Verifies = true; c.Count(outcome.Verified, now, nobody) }},
		"restarted":                {"", func(r *Receiver, c *Counts) { r.Verifies, c.resumed = true, true }},
		"not durable":              {"no output is durable", func(r *Receiver, _ *Counts) { r.Outputs[0].Durable = false }},
		"failing":                  {"output file is failing", func(r *Receiver, _ *Counts) { r.Outputs[0].Failing = func() bool { return true } }},
		"refuses everything":       {"the last 5 requests were, the latest with 403: of the token", func(_ *Receiver, c *Counts) { many(c, outcome.BadToken, 5) }},
		"refuses some":             {"", func(_ *Receiver, c *Counts) { many(c, outcome.BadToken, 4) }},
		"scanned":                  {"", func(_ *Receiver, c *Counts) { many(c, outcome.MethodNotAllowed, 50) }},
		"takes one again":          {"", func(_ *Receiver, c *Counts) { many(c, outcome.BadToken, 50); c.Count(outcome.Duplicate, now, nobody) }},
		"silent":                   {"no event for 3 days", func(_ *Receiver, c *Counts) { c.Count(outcome.Stored, now.Add(-80*time.Hour), nobody) }},
		"silent since it is there": {"no event for 30 hours", func(_ *Receiver, c *Counts) { c.since = now.Add(-30 * time.Hour) }},
		"silent, by the file": {"no event for 4 days", func(r *Receiver, _ *Counts) {
			r.Outputs[0].File = file
			if err := os.WriteFile(file, nil, 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chtimes(file, now, now.Add(-100*time.Hour)); err != nil {
				t.Fatal(err)
			}
		}},
		"busy": {"", func(_ *Receiver, c *Counts) {
			c.since = now.Add(-300 * time.Hour)
			c.Count(outcome.Stored, now, nobody)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			r, c := good()
			test.setUp(r, c)
			got := strings.Join(r.report(now).Warnings, "; ")
			if (test.want == "") != (got == "") || !strings.Contains(got, test.want) {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}

	r, c := good()
	report := ReceiverReport{Outputs: []OutputReport{{File: "/x", Durable: true, Disk: 100 << 30, DiskFree: 4 << 30}}}
	if got := r.warnings(&report, c, now); len(got) != 1 || !strings.Contains(got[0], "nearly full: 4 %") {
		t.Errorf("%q", got)
	}
	for _, free := range [][2]int64{{20 << 30, 4 << 30}, {10000 << 30, 20 << 30}, {0, 0}} {
		report.Outputs[0].Disk, report.Outputs[0].DiskFree = free[0], free[1]
		if got := r.warnings(&report, c, now); len(got) > 0 {
			t.Errorf("%v: %q", free, got)
		}
	}
}

// TestDisk asks about a directory that is, and one that is not there yet.
func TestDisk(t *testing.T) {
	dir := t.TempDir()
	for _, file := range []string{filepath.Join(dir, "x"), filepath.Join(dir, "a", "b", "x")} {
		if size, free := diskOf(file); size <= 0 || free <= 0 || free > size {
			t.Errorf("%s: %d of %d", file, free, size)
		}
	}
}

// TestSampler: many of one kind hide none of another, and what is held is counted.
func TestSampler(t *testing.T) {
	s := Sampler{First: 2, Per: time.Minute}
	now := time.Now()
	pass := func(kind string, at time.Duration, want bool, wantHeld uint64) {
		t.Helper()
		if passes, held := s.Pass(kind, now.Add(at)); passes != want || held != wantHeld {
			t.Errorf("%s at %s: %v, %d", kind, at, passes, held)
		}
	}
	pass("a", 0, true, 0)
	pass("a", time.Second, true, 0)
	pass("a", 2*time.Second, false, 0)
	pass("a", 59*time.Second, false, 0)
	pass("b", 59*time.Second, true, 0)
	pass("a", time.Minute, true, 2)
	pass("a", time.Minute, true, 0)
	for i := range 1000 {
		s.Pass(strings.Repeat("x", i+1), now)
	}
	if len(s.kinds) > maxReasons+1 {
		t.Errorf("%d kinds", len(s.kinds))
	}
	pass("b", time.Minute, true, 0)
}

// TestPacer counts each, and says it at most once in an interval.
func TestPacer(t *testing.T) {
	p := Pacer{Per: 50 * time.Millisecond}
	said := make(chan uint64, 100)
	say := func(count uint64) { said <- count }
	p.Say(time.Now(), say)
	for range 9 {
		p.Say(time.Now(), say)
	}
	p.Say(time.Now(), nil)
	began := time.Now()
	if got := <-said; got != 1 {
		t.Errorf("at first %d", got)
	}
	select {
	case got := <-said:
		if got != 10 || time.Since(began) < 20*time.Millisecond {
			t.Errorf("then %d, after %s", got, time.Since(began))
		}
	case <-time.After(20 * time.Second):
		t.Fatal("what was held is never said")
	}
	p.Say(time.Now().Add(time.Second), say)
	if got := <-said; got != 1 {
		t.Errorf("later %d", got)
	}
}
