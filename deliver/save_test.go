package deliver

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/deliver/cursor"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/outcome"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/status"
)

// TestStopWhileSaveFails: attempts that wait for a save that fails at the end are not waited for.
func TestStopWhileSaveFails(t *testing.T) {
	g := newRig(t)
	g.running()
	g.do(status.DeliveryPause)
	g.store("a")
	fails := make(chan struct{})
	g.eventually("it is read", func() bool {
		begun := false
		g.inLoop(func(l *loop) {
			if l.fill(); l.going || len(l.items) == 0 {
				return
			}
			l.plan.Resume(time.Now())
			l.cautious = time.Now().Add(time.Hour)
			l.begin()
			counted := l.counting
			l.counting, l.going, begun = nil, true, len(counted) == 1
			l.inBackground(func() func() {
				<-fails
				return func() { l.saved(new(cursor.Record), counted, nil, errors.New("disk full")) }
			})
		})
		return begun
	})
	engine := g.engine()
	stopped := make(chan struct{})
	go func() { defer close(stopped); g.stop() }()
	g.eventually("it is to end", func() bool { return engine.wanted() == nil })
	time.AfterFunc(100*time.Millisecond, func() { close(fails) })
	g.returns("the stop", func() { <-stopped })
	g.restart()
	g.arrive("a 1")
}

// TestCommandAtTheEnd: what waits for a save when a delivery ends is answered by the last one.
func TestCommandAtTheEnd(t *testing.T) {
	g := newRig(t)
	until := g.hangs()
	g.running()
	g.store("a")
	g.arrive("a 1")
	engine := g.engine()
	g.configs[0].runs.Store(false)
	g.configs[0].Release()
	g.configs = nil
	g.eventually("it ends", func() bool {
		ending, told := false, make(chan struct{})
		engine.commands <- func(l *loop) { ending = l.ending; close(told) }
		<-told
		return ending
	})
	time.AfterFunc(100*time.Millisecond, func() { close(until) })
	if text, err := engine.Do(g.context(), status.DeliveryPause); err != nil {
		t.Error(text, err)
	}
	g.load()
	g.state(status.DeliveryPaused)
}

// TestNotBegun: a delivery that can't begin takes no commands.
func TestNotBegun(t *testing.T) {
	g := newRig(t)
	if err := os.Mkdir(g.path+".shop.app.retry.jsonl", 0o700); err != nil {
		t.Fatal(err)
	}
	g.load()
	g.eventually("it can't begin", func() bool { return strings.Contains(g.engine().Report().LastError, "retry.jsonl") })
	for _, action := range status.DeliveryActions {
		if _, err := g.engine().Do(g.context(), action); err != errNotBegun {
			t.Errorf("%s: %v", action, err)
		}
	}
	g.returns("the removal of a file", func() { g.engine().expiring(time.Now()) })
	if g.has("replaced") {
		t.Errorf("logged: %v", g.logged())
	}
}

// TestCursorCantBeMadeAnew: a cursor that was removed and can't be made anew counts as not saved, though its file is still open.
func TestCursorCantBeMadeAnew(t *testing.T) {
	g := newRig(t)
	path := g.running().engine.base() + cursorEnding
	if err := os.Mkdir(path+".tmp", 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	g.eventually("it is told", func() bool { return g.has("nothing is delivered until") })
	for i := range 3 {
		saved := time.Time{}
		g.eventually("it is saved once more", func() bool {
			g.inLoop(func(l *loop) {
				if l.dirty = true; saved.IsZero() {
					saved = l.savedAt
				}
				if !l.savedAt.Equal(saved) && !l.going {
					saved = time.Time{}
				}
			})
			return saved.IsZero()
		})
		g.inLoop(func(l *loop) {
			if l.failing.IsZero() {
				t.Errorf("after %d more it counts as saved", i+1)
			}
			l.failing = l.failing.Add(-unsavedFor)
		})
	}
	g.store("a")
	time.Sleep(200 * time.Millisecond)
	if got := g.arrivals(); len(got) > 0 {
		t.Errorf("came: %q", got)
	}
	if err := os.Remove(path + ".tmp"); err != nil {
		t.Fatal(err)
	}
	g.arrive("a 1")
	g.became(outcome.Delivered, 1)
	g.restart()
	g.store("b")
	g.arrive("a 1", "b 1")
}

// TestSaveHangs: a cursor whose disk hangs is not saved either.
func TestSaveHangs(t *testing.T) {
	g := newRig(t)
	g.running()
	hangs := make(chan struct{})
	g.eventually("no save goes on", func() bool {
		ok := false
		g.inLoop(func(l *loop) {
			if ok = !l.going; ok {
				l.going, l.savedAt = true, time.Now().Add(-unsavedFor)
				l.inBackground(func() func() { <-hangs; return func() { l.going = false } })
			}
		})
		return ok
	})
	g.store("a")
	time.Sleep(200 * time.Millisecond)
	if got := g.arrivals(); len(got) > 0 {
		t.Errorf("came: %q", got)
	}
	close(hangs)
	g.arrive("a 1")
}
