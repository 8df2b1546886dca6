package deliver

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/deliver/cursor"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/deliver/plan"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/outcome"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/reader"
)

// undone has the rig begin with so many events that are undone.
func (g *rig) undone(n int, text string, s plan.State) {
	g.Helper()
	g.append(text)
	at, err := reader.LastLine(g.path)
	if err != nil {
		g.Fatal(err)
	}
	r := &cursor.Record{Read: at, Clean: true, Memory: plan.Memory{Taken: 1000}}
	for range n {
		r.Undone = append(r.Undone, cursor.Undone{Position: at, State: s, Received: time.Now()})
	}
	c, err := cursor.Create(g.path+".shop.app.cursor", 0o600, r)
	if err != nil {
		g.Fatal(err)
	}
	_ = c.Close()
}

// TestFull: of too many events that are refused as many are given up as others need to be read, and no more.
func TestFull(t *testing.T) {
	g := newRig(t)
	g.refuses("bad")
	g.undone(plan.MaxUndone, lineOf("shop", "bad", ""), plan.State{
		Attempts: 4, Used: 3, Reached: 4, Aside: true, Due: time.Now().Add(time.Hour), Last: time.Now().Add(-time.Hour), Then: 500,
	})
	g.running()
	for i := range 20 {
		g.store(fmt.Sprint("good", i), "bad")
	}
	g.became(outcome.Delivered, 20)
	time.Sleep(100 * time.Millisecond)
	if r := g.engine().Report(); r.Outcomes[outcome.Dead] < 20 || r.Outcomes[outcome.Dead] > 60 {
		t.Errorf("%d are given up", r.Outcomes[outcome.Dead])
	}
}

// TestManyCantBeBuried: dead letters that can't be written are not all read into memory, and all written once that is possible.
func TestManyCantBeBuried(t *testing.T) {
	g := newRig(t)
	const n = 30
	dead := deadFile(g.path, "app")
	if err := os.Mkdir(dead, 0o700); err != nil {
		t.Fatal(err)
	}
	g.undone(n, lineOf("shop", "bad", strings.Repeat("x", keepBytes/10)), plan.State{
		Attempts: 4, Used: 9, Aside: true, Due: time.Now().Add(time.Hour), Last: time.Now().Add(-time.Hour),
	})
	g.running()
	g.eventually("one can't be written", func() bool { return g.has("a dead letter can't be written") })
	g.inLoop(func(l *loop) {
		l.failedAt = time.Time{}
		l.buryAgain(time.Now())
		if l.background > 20 {
			t.Errorf("%d are written at a time", l.background)
		}
	})
	if err := os.Remove(dead); err != nil {
		t.Fatal(err)
	}
	g.inLoop(func(l *loop) { l.failedAt = time.Time{} })
	g.became(outcome.Dead, n)
}
