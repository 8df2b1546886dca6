package deliver

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/journal"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/outcome"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/reader"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/status"
)

// rotated has events stored, and rotated: it returns the file and its time. Another event is
// stored in the next file.
func (g *rig) rotated(events int) (file string, at time.Time, want []string) {
	g.Helper()
	for i := range events {
		g.store(fmt.Sprint("old", i))
	}
	rotate := &journal.Options{Mode: 0o600, DirMode: 0o700, Rotation: journal.Rotation{Size: 1}}
	if err := g.journal.Append(context.Background(), []byte(lineOf("shop", "new", "new")), rotate); err != nil {
		g.Fatal(err)
	}
	names, _ := filepath.Glob(strings.TrimSuffix(g.path, ".jsonl") + "-*.jsonl")
	if len(names) == 0 {
		g.Fatal("nothing was rotated")
	}
	_, at = reader.JournalOf(names[0])
	return names[0], at, want
}

// A file that is removed for its age takes what is undone of it, and unread.
func TestExpired(t *testing.T) {
	for _, paused := range []bool{false, true} { // some are read, or all are when it goes on
		t.Run(fmt.Sprint("paused ", paused), func(t *testing.T) {
			g := newRig(t)
			g.refuses("all")
			g.running("retry 1h")
			if paused {
				g.do(status.DeliveryPause)
			}
			file, at, _ := g.rotated(200)
			lines, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			old := bytes.Count(lines, []byte("\n"))
			g.eventually("some are undone", func() bool { return g.engine().Report().Undone > 0 })
			g.eventually("nothing is in flight", func() bool {
				idle := false
				g.inLoop(func(l *loop) { idle = l.inFlight == 0 })
				return idle && (paused || g.engine().Report().State == status.DeliveryDown)
			})
			g.inLoop(func(l *loop) { l.plan.Pause() })
			g.eventually("nothing is in flight", func() bool {
				idle := false
				g.inLoop(func(l *loop) { idle = l.inFlight == 0 })
				return idle
			})
			g.engine().expiring(at)
			g.became(outcome.Expired, uint64(old))
			if err := os.Remove(file); err != nil {
				t.Fatal(err)
			}
			g.answers(nil)
			g.forgetArrivals()
			g.do(status.DeliveryResume)
			g.became(outcome.Delivered, uint64(201-old))
			if g.engine().Report().Outcomes[outcome.Lost] != 0 || !g.has("removed for their age") {
				t.Errorf("%v %v", g.engine().Report().Outcomes, g.logged())
			}
		})
	}
}

// A rotated file is kept as long as something in it is undone.
func TestFilesAreKept(t *testing.T) {
	g := newRig(t)
	g.refuses("old3")
	g.running("retry 1h")
	_, at, _ := g.rotated(10)
	g.became(outcome.Delivered, 10)
	if !g.engine().needs(at) {
		t.Error("the file of an undone event is not kept")
	}
	g.answers(nil)
	g.do(status.DeliveryResume) // tries it now
	g.became(outcome.Delivered, 11)
	g.store("newer")
	g.eventually("the file is not kept any more", func() bool { return !g.engine().needs(at) })
}

// What somebody removes is counted, and the rest is delivered.
func TestTakenAway(t *testing.T) {
	g := newRig(t)
	g.refuses("all")
	g.running("retry 1h")
	g.do(status.DeliveryPause)
	file, _, _ := g.rotated(30)
	g.eventually("some are read", func() bool { return g.engine().Report().Undone > 0 })
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	g.restart() // or it would still read the open file
	g.answers(nil)
	g.store("more")
	g.state(status.DeliveryPaused)
	g.do(status.DeliveryResume)
	g.eventually("the others came", func() bool { return strings.Contains(fmt.Sprint(g.arrivals()), "more 1") })
	g.eventually("it is counted", func() bool { return g.engine().Report().Outcomes[outcome.Lost] > 0 })
	if !g.has("somebody has taken away") {
		t.Error(g.logged())
	}
}

// Another process tells nobody that it has stored something.
func TestAnotherProcessStores(t *testing.T) {
	g := newRig(t)
	g.running()
	g.store("a")
	g.arrive("a 1")
	f, err := os.OpenFile(g.path, os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(f, lineOf("shop", "b", "b"))
	f.Close()
	g.arrive("a 1", "b 1")
}

// A delivery that is taken out of the config leaves its backlog, and goes on when it is back.
func TestGoneAndBack(t *testing.T) {
	g := newRig(t)
	g.refuses("all")
	c := g.running("retry 100ms")
	g.store("a", "b")
	g.eventually("both were tried", func() bool { return len(g.arrivals()) >= 2 })
	c.runs.Store(false)
	c.Release()
	g.configs = nil
	g.eventually("its backlog is logged", func() bool { return g.has("leaves events behind") })
	g.forgetArrivals()
	g.answers(nil)
	g.append(lineOf("shop", "c", "c"))
	if came := g.arrivals(); len(came) > 0 {
		t.Errorf("without a config came %q", came)
	}
	g.running("retry 100ms")
	g.became(outcome.Delivered, 3)
}

// Nothing is acknowledged that can't be delivered.
func TestCursorCantBeMade(t *testing.T) {
	g := newRig(t)
	if err := os.Mkdir(g.path+".shop.app.cursor.tmp", 0o700); err != nil {
		t.Fatal(err)
	}
	c := g.load()
	if err := c.Ready(); err == nil || !strings.Contains(err.Error(), "deliver app: the cursor") {
		t.Errorf("%v", err)
	}
	if err := os.Remove(g.path + ".shop.app.cursor.tmp"); err != nil {
		t.Fatal(err)
	}
	g.store("a")
	g.arrive("a 1")
}

// Dead letters that are sent again hold up nobody.
func TestRetryBesideOthers(t *testing.T) {
	g := newRig(t)
	const many = 300
	g.running("retry 1h")
	dead := newDeadLetters(g.path, "shop", "app", 0o600, 0o700)
	for i := range many {
		if err := dead.add([]byte(lineOf("shop", fmt.Sprint("dead", i), "s")), "no", 3); err != nil {
			t.Fatal(err)
		}
	}
	until := g.hangs() // what was sent again is never answered
	g.do(status.DeliveryRetry)
	g.eventually("some are sent again", func() bool { return len(g.arrivals()) > 0 })
	time.Sleep(10 * time.Millisecond) // for more than there may be
	if n := len(g.arrivals()); n > 2 {
		t.Errorf("%d of them at once", n)
	}
	g.answers(nil)
	g.forgetArrivals()
	g.store("fresh")
	g.eventually("a fresh one comes", func() bool { return strings.Contains(fmt.Sprint(g.arrivals()), "fresh 1") })
	close(until)
	g.became(outcome.Delivered, many+1)
	g.eventually("the file is removed", func() bool { _, err := os.Stat(g.path + ".shop.app" + reader.RetryEnding); return err != nil })
}
