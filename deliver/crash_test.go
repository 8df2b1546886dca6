package deliver

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/journal"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/outcome"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/status"
)

// crash goes on with the files as they are at this moment.
func (g *rig) crash(options ...string) *rigConfig {
	g.Helper()
	from, to := filepath.Dir(g.path), g.TempDir()
	entries, err := os.ReadDir(from)
	if err != nil {
		g.Fatal(err)
	}
	for _, e := range entries {
		content, err := os.ReadFile(filepath.Join(from, e.Name()))
		if err != nil {
			g.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(to, e.Name()), content, 0o600); err != nil {
			g.Fatal(err)
		}
	}
	g.stop()
	g.path = filepath.Join(to, "events.jsonl")
	g.journal = journal.New(g.path, nil)
	return g.load(options...)
}

// saved waits until all is in the cursor.
func (g *rig) saved() {
	g.Helper()
	g.eventually("it is saved", func() (saved bool) {
		g.inLoop(func(l *loop) { saved = !l.dirty && !l.going })
		return saved
	})
}

// TestCrash: what was taken does not come again, what failed goes on where it was, and counts no attempt twice.
func TestCrash(t *testing.T) {
	g := newRig(t)
	g.refuses("bad")
	g.running("retry 1h 1h 1h")
	g.store("a", "bad", "b")
	g.arrive("a 1", "bad 1", "b 1")
	g.became(outcome.Refused, 1)
	g.saved()
	g.forgetArrivals()
	g.crash("retry 1h 1h 1h")
	g.store("c")
	g.arrive("c 1")
	g.do(status.DeliveryResume) // which tries it at once
	g.arrive("bad 2", "c 1")
	g.became(outcome.Refused, 1)
	g.do(status.DeliveryPause)
	g.forgetArrivals()
	g.crash("retry 1h 1h 1h")
	g.state(status.DeliveryPaused)
	g.store("d")
	g.refuses()
	g.do(status.DeliveryResume)
	g.arrive("bad 3", "d 1")
}

// TestDownSurvives: an outage goes on over a crash, with no dead letter.
func TestDownSurvives(t *testing.T) {
	g := newRig(t)
	g.refuses("all")
	g.running("retry 10ms")
	g.store(numbers(20, " one")...)
	g.state(status.DeliveryDown)
	g.saved()
	g.crash("retry 10ms")
	g.state(status.DeliveryDown)
	g.refuses()
	g.forgetArrivals()
	g.became(outcome.Delivered, 20)
	if r := g.engine().Report(); r.Outcomes[outcome.Dead] != 0 {
		t.Errorf("%d dead letters", r.Outcomes[outcome.Dead])
	}
}

// TestNothingIsLeft: after a stop no goroutine and no engine is left, whatever went on.
func TestNothingIsLeft(t *testing.T) {
	g := newRig(t)
	g.hangs()
	c := g.running()
	c.Grace = time.Millisecond
	g.store("a", "b")
	g.arrive("a 1", "b 1")
	for i := range 5 {
		c := g.load(fmt.Sprintf("concurrency %d", i+2))
		c.Grace = time.Millisecond
		g.provision().Release()
		g.configs = g.configs[:1]
	}
	g.stop()
	engines.Lock()
	n := len(engines.of)
	engines.Unlock()
	if n != 0 {
		t.Errorf("%d engines are left", n)
	}
	g.eventually("no goroutine is left", func() bool {
		all := make([]byte, 1<<20)
		all = all[:runtime.Stack(all, true)]
		return !strings.Contains(string(all), "deliver.(*loop)") && !strings.Contains(string(all), "deliver.(*engine)")
	})
}

// TestTraffic: while files are rotated, configs loaded, and the application refuses some at first, everything is taken, and
// each subject's events in their order.
func TestTraffic(t *testing.T) {
	g := newRig(t)
	came := make(map[string]int)
	taken := make(map[string]bool)
	var order []string
	g.answers(func(a arrival, w http.ResponseWriter, _ *http.Request) {
		g.mu.Lock()
		defer g.mu.Unlock()
		if came[a.id]++; came[a.id] == 1 && strings.HasSuffix(a.id, "3") {
			w.WriteHeader(503)
			return
		}
		if !taken[a.id] {
			taken[a.id] = true
			order = append(order, a.id)
		}
	})
	g.load("retry 1ms 1ms 1ms 1ms 1ms 1ms 1ms 1ms 1ms 1ms 1ms 1ms 1ms 1ms")
	const events = 400
	for i := range events {
		g.store(fmt.Sprintf("%d/%03d %d", i%4, i, i%4))
		if i%40 == 20 {
			rotated := fmt.Sprintf("events-2026-01-01T00-00-%02d.000.jsonl", i/40)
			if err := os.Rename(g.path, filepath.Join(filepath.Dir(g.path), rotated)); err != nil {
				t.Fatal(err)
			}
		}
		options := []string{fmt.Sprintf("concurrency %d", i%9+1), "retry 1ms 1ms 1ms 1ms 1ms 1ms 1ms 1ms 1ms 1ms 1ms 1ms 1ms 1ms"}
		switch {
		case i%50 == 30:
			g.load(options...)
		case i%100 == 60:
			g.restart(options...)
		case i%100 == 90:
			g.crash(options...)
		}
		_ = g.engine().Report()
	}
	g.eventually("all is taken", func() bool { g.mu.Lock(); defer g.mu.Unlock(); return len(taken) == events })
	for s := range 4 {
		var of []string
		for _, id := range order {
			if strings.HasPrefix(id, fmt.Sprint(s, "/")) {
				of = append(of, id)
			}
		}
		if !slices.IsSorted(of) {
			t.Errorf("subject %d: %q", s, of)
		}
	}
}
