package deliver

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/journal"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/outcome"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/status"
)

// knows is how the events of an id stand, the newest first.
func (g *rig) knows(id string) (states []string) {
	g.Helper()
	for _, line := range g.found(id) {
		r := g.engine().Knows(g.context(), line)
		states = append(states, r.State)
		if due := r.Due != nil; r.Tried > 0 {
			states[len(states)-1] += fmt.Sprint(" ", r.Tried, " ", due)
		}
	}
	return states
}

// stands waits until they stand so.
func (g *rig) stands(id string, want ...string) {
	g.Helper()
	var got []string
	for began := time.Now(); time.Since(began) < patience; time.Sleep(5 * time.Millisecond) {
		if got = g.knows(id); slices.Equal(got, want) {
			return
		}
	}
	g.Errorf("%s: %q, want %q; logged: %v", id, got, want, g.logged())
}

// rotate stores an event in a new file.
func (g *rig) rotate(id string) {
	g.Helper()
	rotate := &journal.Options{Mode: 0o600, DirMode: 0o700, Rotation: journal.Rotation{Size: 1}}
	if err := g.journal.Append(context.Background(), []byte(lineOf("shop", id, id)), rotate); err != nil {
		g.Fatal(err)
	}
}

// TestKnows: how an event stands, from before the delivery began to after a restart.
func TestKnows(t *testing.T) {
	g := newRig(t)
	g.store("before")
	g.refuses("bad")
	g.running("retry 1h")
	g.append(lineOf("another", "theirs", "x"))
	g.append(strings.Replace(lineOf("shop", "sample", "x"), "order.paid", "webhook_receiver_test", 1))
	g.store("good", "bad", "behind bad")
	g.stands("before", status.EventPast)
	g.stands("theirs", status.EventUnwanted)
	g.stands("sample", status.EventUnwanted)
	g.stands("good", status.EventPast)
	g.stands("bad", status.EventRetrying+" 1 true")
	g.stands("behind", status.EventWaiting)
	for _, text := range []string{"", "raw", `{"a":1}`, lineOf("shop", "x", "x")[:40]} {
		if r := g.engine().Knows(g.context(), status.Line{Text: []byte(text)}); r.State != status.EventUnknown {
			t.Errorf("%q: %+v", text, r)
		}
	}

	until := g.hangs()
	g.store("slow")
	g.stands("slow", status.EventSending+" 1 false")
	g.answers(nil)
	close(until)
	g.stands("slow", status.EventPast)

	g.refuses("bad")
	g.restart("retry 1h")
	g.stands("before", status.EventPast)
	g.stands("slow", status.EventPast)
	g.stands("bad", status.EventRetrying+" 1 true")
	g.stands("behind", status.EventWaiting)

	// What is given up is past, also while it is sent again as a dead letter.
	g.do(status.DeliverySkip)
	g.became(outcome.Dead, 1)
	g.stands("bad", status.EventPast)
	g.stands("behind", status.EventPast)
	g.do(status.DeliveryRetry)
	g.eventually("it is sent again", func() bool { return g.engine().Report().Retrying == 1 })
	g.stands("bad", status.EventPast)

	line, e := g.found("bad")[0], g.engine()
	g.stop()
	if r := e.Knows(g.context(), line); r.State != status.EventUnknown {
		t.Errorf("after the stop: %+v", r)
	}
}

// TestKnowsRotated: what is not read yet is known as that, and the rest as done with, through rotation and compression.
func TestKnowsRotated(t *testing.T) {
	g := newRig(t)
	g.rotate("a")
	g.rotate("b")
	g.running("retry 1h")
	g.store("c")
	g.became(outcome.Delivered, 1)
	g.do(status.DeliveryPause)
	g.store(numbers(100, "")...) // of which some are read
	g.rotate("d")
	g.rotate("e")
	past, waiting := status.EventPast, status.EventWaiting
	all := func(when string) {
		t.Helper()
		for id, want := range map[string]string{"a": past, "b": past, "c": past, "e1": waiting, "e100": waiting, "d": waiting, "e": waiting} {
			if got := g.knows(id); !slices.Equal(got, []string{want}) {
				t.Errorf("%s: %s is %q, want %s", when, id, got, want)
			}
		}
	}
	all("rotated")
	names, _ := filepath.Glob(strings.TrimSuffix(g.path, ".jsonl") + "-*.jsonl")
	if len(names) < 4 {
		t.Fatalf("rotated: %q", names)
	}
	for _, name := range names {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		_, _ = w.Write(content)
		_ = w.Close()
		if err := os.WriteFile(name+".gz", b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
	}
	all("compressed")
	g.restart("retry 1h")
	g.state(status.DeliveryPaused)
	all("restarted")
	g.do(status.DeliveryResume)
	g.stands("e", past)
	g.stands("d", past)
}

// TestKnowsTwins: of the same bytes twice each is known by itself.
func TestKnowsTwins(t *testing.T) {
	g := newRig(t)
	g.running("retry 1h")
	twin := lineOf("shop", "twin", "")
	g.append(twin)
	g.became(outcome.Delivered, 1)
	g.refuses("twin")
	g.append(twin)
	g.stands("twin", status.EventRetrying+" 1 true", status.EventPast)
	a, err := g.engine().SendAgain(g.context(), g.found("twin")[1].Text)
	if err != nil || a.Number != 2 {
		t.Errorf("%+v, %v", a, err)
	}
}
