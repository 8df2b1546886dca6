package deliver

import (
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/lock"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/outcome"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/status"
)

// numbers returns ids from 1 to n, with something behind them.
func numbers(n int, behind string) (ids []string) {
	for i := range n {
		ids = append(ids, fmt.Sprintf("e%d%s", i+1, behind))
	}
	return ids
}

// TestInOrder: what was stored before is not sent, then each event of a subject in its order, and nothing again after a restart.
func TestInOrder(t *testing.T) {
	g := newRig(t)
	g.store("before")
	g.load()
	g.store(numbers(20, " one")...)
	g.became(outcome.Delivered, 20)
	if got := g.arrivals(); !slices.Equal(got, numbers(20, " 1")) {
		t.Errorf("came as %q", got)
	}
	g.forgetArrivals()
	g.restart()
	g.store("after")
	g.became(outcome.Delivered, 1)
	g.arrive("after 1")
}

// TestRetriesAndDeadLetters: what the application refuses while it takes others is given up, and can be sent again.
func TestRetriesAndDeadLetters(t *testing.T) {
	g := newRig(t)
	g.refuses("bad")
	g.load("retry 10ms 10ms")
	g.store("bad")
	for i := 0; g.engine().Report().Outcomes[outcome.Dead] == 0; i++ {
		g.store(fmt.Sprint("good", i))
		time.Sleep(time.Millisecond)
		if i > 5000 {
			t.Fatal("it is not given up")
		}
	}
	g.refuses()
	g.forgetArrivals()
	g.do(status.DeliveryRetry)
	g.eventually("it comes again", func() bool { return slices.Contains(g.arrivals(), "bad 1") })
	g.eventually("no file is left", func() bool {
		_, dead := os.Stat(deadFile(g.path, "app"))
		_, again := os.Stat(g.path + ".shop.app.retry.jsonl")
		return os.IsNotExist(dead) && os.IsNotExist(again)
	})
}

// TestCommands: a pause holds over a restart; what is skipped is a dead letter.
func TestCommands(t *testing.T) {
	g := newRig(t)
	g.running()
	g.do(status.DeliveryPause)
	g.store("a")
	g.restart()
	g.state(status.DeliveryPaused)
	g.store("b")
	g.refuses("a")
	g.do(status.DeliveryResume)
	g.arrive("a 1", "b 1")
	g.became(outcome.Refused, 1)
	g.do(status.DeliverySkip)
	g.became(outcome.Dead, 1)
	g.do(status.DeliveryPause)
	g.do(status.DeliveryRetry)
	g.refuses()
	g.do(status.DeliveryResume)
	g.arrive("a 1", "b 1", "a 1")
	g.eventually("all is done", func() bool { return g.engine().Report().Undone == 0 })
}

// TestHandOver: a reload changes the application, loses nothing, and sends nothing twice.
func TestHandOver(t *testing.T) {
	g := newRig(t)
	g.load("deliver "+g.url+"/0", "concurrency 3")
	var ids []string
	for i := range 10 {
		for j := range 5 {
			ids = append(ids, fmt.Sprintf("e%d-%d", i, j))
			g.store(ids[len(ids)-1])
		}
		order := []string{"order subject", "order strict"}[i%2]
		g.load(fmt.Sprintf("deliver %s/%d", g.url, i+1), order)
		if i%3 == 0 {
			g.provision().Release() // a rejected one
		}
	}
	g.store("last")
	want := []string{"last 1"}
	for _, id := range ids {
		want = append(want, id+" 1")
	}
	g.arrive(want...)
	g.mu.Lock()
	last := g.got[len(g.got)-1]
	g.mu.Unlock()
	if last.path != "/10" {
		t.Errorf("the last one came to %s", last.path)
	}
}

// TestStopCountsAsNotMade: an attempt that a stop cancels is made again with the same number.
func TestStopCountsAsNotMade(t *testing.T) {
	g := newRig(t)
	until := g.hangs()
	defer close(until)
	c := g.load("timeout 1m")
	c.Grace = 50 * time.Millisecond
	g.store("a", "b")
	g.arrive("a 1", "b 1")
	began := time.Now()
	g.stop()
	if took := time.Since(began); took > patience/2 {
		t.Errorf("the stop took %s", took)
	}
	g.answers(nil)
	g.forgetArrivals()
	g.restart()
	g.arrive("a 1", "b 1")
}

// TestReportedAtOnce: a delivery is found as soon as its config runs, and takes commands; and no
// longer than that.
func TestReportedAtOnce(t *testing.T) {
	g := newRig(t)
	c := g.provision()
	if got := status.Deliveries(); len(got) != 0 {
		t.Errorf("before its config runs: %+v", got)
	}
	c.engine.mu.Lock()
	c.engine.timer.Stop()
	c.engine.mu.Unlock()
	c.runs.Store(true)
	found := status.FindDeliveries("shop", c.engine.name)
	if len(found) != 1 {
		t.Fatalf("found: %v", found)
	}
	if _, err := found[0].Do(g.context(), status.DeliveryPause); err != nil {
		t.Error(err)
	}
	if got := status.Deliveries(); len(got) != 1 || got[0].State != status.DeliveryPaused {
		t.Errorf("once it runs: %+v", got)
	}
	g.stop()
	if got := status.Deliveries(); len(got) != 0 {
		t.Errorf("afterwards: %+v", got)
	}
}

// TestNotInEffect: a config that never takes effect sends nothing; once one does, it begins with what came under the first.
func TestNotInEffect(t *testing.T) {
	g := newRig(t)
	c := g.provision()
	g.store("a")
	if _, err := os.Stat(g.path + ".shop.app.cursor.lock"); !os.IsNotExist(err) {
		t.Errorf("there is a lock: %v", err)
	}
	g.configs = nil
	c.Release()
	engines.Lock()
	n := len(engines.of)
	engines.Unlock()
	if got := g.arrivals(); n != 0 || len(got) != 0 {
		t.Errorf("%d engines, %q came", n, got)
	}
	g.load()
	g.arrive("a 1")
}

// TestStandby: while another process delivers, nothing is sent; then it goes on.
func TestStandby(t *testing.T) {
	g := newRig(t)
	held, err := lock.Open(g.path + ".shop.app.cursor.lock")
	if err != nil {
		t.Fatal(err)
	}
	g.load()
	g.store("a")
	g.state(status.DeliveryStandby)
	g.load("order strict")
	g.state(status.DeliveryStandby)
	if _, err := g.engine().Do(g.context(), status.DeliveryRetry); err != errStandby {
		t.Error(err)
	}
	_ = held.Close()
	g.arrive("a 1")
}

// TestCursorRemoved: it is made anew, and goes on where it was.
func TestCursorRemoved(t *testing.T) {
	g := newRig(t)
	c := g.running()
	g.store("a")
	g.became(outcome.Delivered, 1)
	path := c.engine.base() + cursorEnding
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	g.eventually("it is there again", func() bool { _, err := os.Stat(path); return err == nil })
	g.store("b")
	g.became(outcome.Delivered, 2)
	g.restart()
	g.store("c")
	g.arrive("a 1", "b 1", "c 1")
}
