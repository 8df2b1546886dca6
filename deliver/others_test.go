package deliver

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/lock"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/status"
)

// TestLockRemoved: it is made anew; if another process has it by then, this one stands by.
func TestLockRemoved(t *testing.T) {
	g := newRig(t)
	path := g.running().engine.base() + lockEnding
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	g.eventually("it is made anew", func() bool { return g.has("the lock: it was made anew") })
	if _, err := lock.Open(path); err != lock.ErrLocked {
		t.Error(err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	other, err := lock.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	g.state(status.DeliveryStandby)
	g.store("a")
	time.Sleep(100 * time.Millisecond)
	if got := g.arrivals(); len(got) > 0 {
		t.Errorf("came: %q", got)
	}
	_ = other.Close()
	g.arrive("a 1")
}

// TestMuchIsPassedOver: what is passed over keeps nobody waiting.
func TestMuchIsPassedOver(t *testing.T) {
	g := newRig(t)
	c := g.provision()
	if err := c.Ready(); err != nil {
		t.Fatal(err)
	}
	many := strings.Repeat(lineOf("another", "b", strings.Repeat("b", 2000)), 2000)
	f, err := os.OpenFile(g.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	for range 15 {
		fmt.Fprint(f, many)
	}
	f.Close()
	g.store("a")
	g.load()
	start := time.Now()
	for began := false; !began; {
		if time.Since(start) > patience {
			t.Fatal("the delivery does not begin")
		}
		g.inLoop(func(l *loop) {
			if began = l.plan != nil; began && l.Report().Backlog < 1<<20 {
				t.Errorf("a command waited until only %d bytes were left", l.Report().Backlog)
			}
		})
	}
	g.arrive("a 1")
}

// TestPanic: a fault in the delivery, or in what it has done in the background, ends neither the process nor the delivery.
func TestPanic(t *testing.T) {
	g := newRig(t)
	g.running()
	g.engine().commands <- func(l *loop) {
		l.inBackground(func() func() { panic("a fault") })
	}
	g.eventually("it is told", func() bool { return g.has("panicked") })
	g.store("a")
	if _, err := g.engine().Do(g.context(), status.DeliveryPause); err != errNotBegun {
		t.Error(err)
	}
	g.arrive("a 1")
}
