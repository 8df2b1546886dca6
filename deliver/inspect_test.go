package deliver

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/deliver/plan"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/lock"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/outcome"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/reader"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/status"
)

// found returns where the events of an id are, the newest first.
func (g *rig) found(id string) (lines []status.Line) {
	g.Helper()
	latest := reader.Latest{Paths: []string{g.path}, Query: reader.Query{IDs: []string{id}}, Limit: 100, Bytes: 64 << 20, Time: patience}
	found, _, err := latest.Run(g.context(), nil)
	if err != nil || len(found) == 0 {
		g.Fatalf("%s: %d are found, %v", id, len(found), err)
	}
	for _, e := range found {
		lines = append(lines, status.Line{Text: e.Text, File: e.Position.File, Rotated: e.Position.Rotated, Offset: e.Position.Offset})
	}
	return lines
}

// again sends an event once more.
func (g *rig) again(id string) status.Attempt {
	g.Helper()
	a, err := g.engine().SendAgain(g.context(), g.found(id)[0].Text)
	if err != nil {
		g.Fatalf("%s: %v", id, err)
	}
	return a
}

// TestAgain: what is sent again is the request that it was, signed anew; it is kept as an attempt and logged, and neither
// counts nor changes what the delivery knows.
func TestAgain(t *testing.T) {
	g := newRig(t)
	var mu sync.Mutex
	var requests []string
	g.answers(func(_ arrival, w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		header := r.Header.Clone()
		header.Del("Webhook-Signature") // of another second
		header.Del("Webhook-Timestamp")
		requests = append(requests, fmt.Sprint(r.Method, r.URL, r.Header.Get("Webhook-Signature") != "", header))
		w.WriteHeader(http.StatusAccepted)
	})
	g.running("sign c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0")
	g.store("a")
	g.became(outcome.Delivered, 1)
	g.do(status.DeliveryPause) // which is durable, and has it looked at
	before, seq := g.engine().Report(), status.AttemptSeq()
	cursor, err := os.ReadFile(g.engine().base() + cursorEnding)
	if err != nil {
		t.Fatal(err)
	}
	a := g.again("a")
	if a.Took < 0 || a.Time.IsZero() || time.Since(a.Time) > patience {
		t.Errorf("took %d ms, until %s", a.Took, a.Time)
	}
	kept := status.LastAttempts(seq)
	if len(kept) != 1 || kept[0] != a {
		t.Errorf("kept: %+v", kept)
	}
	a.Seq, a.Time, a.Took = 0, time.Time{}, 0
	want := status.Attempt{Receiver: "shop", Delivery: "app", ID: "a", Type: "order.paid", Subject: "a", Number: 1, Status: 202, Taken: true, Again: true}
	if a != want {
		t.Errorf("%+v, want %+v", a, want)
	}
	mu.Lock()
	if len(requests) != 2 || requests[0] != requests[1] || !strings.Contains(requests[0], "true") || !strings.Contains(requests[0], "X-Webhook-Depth:[1]") {
		t.Errorf("the requests were\n%s", strings.Join(requests, "\n"))
	}
	mu.Unlock()
	if !g.has("an event was sent again by hand") {
		t.Errorf("logged: %v", g.logged())
	}
	g.inLoop(func(l *loop) { l.look(time.Now()) })
	after := g.engine().Report()
	if after.DeadLetters = before.DeadLetters; !reflect.DeepEqual(before, after) {
		t.Errorf("it was %+v, and is %+v", before, after)
	}
	if now, err := os.ReadFile(g.engine().base() + cursorEnding); err != nil || !slices.Equal(now, cursor) {
		t.Errorf("the cursor has changed, %v", err)
	}
}

// TestAgainWhateverState: it is sent whether the delivery is paused, held, down or stands by, and that stays so.
func TestAgainWhateverState(t *testing.T) {
	for want, options := range map[string][]string{
		status.DeliveryPaused: {"retry 1h"}, status.DeliveryHeld: {"retry 1h"}, status.DeliveryDown: {"retry 1ms 1h"},
		status.DeliveryStandby: nil, status.DeliveryUp: {"order strict"},
	} {
		t.Run(want, func(t *testing.T) {
			g := newRig(t)
			g.refuses("all")
			var tried int
			switch want {
			case status.DeliveryStandby:
				held, err := lock.Open(g.path + ".shop.app.cursor.lock")
				if err != nil {
					t.Fatal(err)
				}
				defer func() { _ = held.Close() }()
				g.load(options...)
				g.store("a")
			case status.DeliveryPaused:
				g.running(options...)
				g.do(status.DeliveryPause)
				g.store("a")
			case status.DeliveryHeld:
				g.answers(func(_ arrival, w http.ResponseWriter, _ *http.Request) {
					w.Header().Set("Retry-After", "1000")
					w.WriteHeader(503)
				})
				g.running(options...)
				g.store("a")
				g.became(outcome.Refused, 1)
				tried = 1
			case status.DeliveryDown:
				g.running(options...)
				g.store("a", "b", "c", "d", "e")
			case status.DeliveryUp: // strict, and an attempt is in flight
				until := g.hangs()
				defer close(until)
				g.running(options...)
				g.store("a", "b")
				g.arrive("a 1")
				tried = 1
			}
			before := g.state(want)
			g.answers(nil)
			a := g.again("a")
			if !a.Taken || tried > 0 && a.Number != tried+1 {
				t.Errorf("%+v", a)
			}
			if want == status.DeliveryDown {
				return // a probe may have been taken
			}
			if want != status.DeliveryStandby {
				g.inLoop(func(l *loop) { l.look(time.Now()) })
			}
			if r := g.engine().Report(); r.State != want || !reflect.DeepEqual(r.Outcomes, before.Outcomes) {
				t.Errorf("it was %+v, and is %+v", before, r)
			}
		})
	}
}

// TestAgainTellsNothingOfTheTarget: what is refused again and again has the delivery neither down nor held, and makes no dead letter.
func TestAgainTellsNothingOfTheTarget(t *testing.T) {
	g := newRig(t)
	g.running("retry 1ms")
	g.store("a")
	g.became(outcome.Delivered, 1)
	g.answers(func(_ arrival, w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "1000")
		w.WriteHeader(503)
		fmt.Fprint(w, "no\x1b[31m\n", strings.Repeat("ä", 1<<20))
	})
	for range 10 {
		a := g.again("a")
		if a.Taken || a.Status != 503 || !strings.HasPrefix(a.Reason, status.Answered+"503 Service Unavailable: no [31m") || len(a.Reason) > shown+100 || !utf8.ValidString(a.Reason) || strings.ContainsFunc(a.Reason, func(r rune) bool { return r < ' ' }) {
			t.Fatalf("%+v", a)
		}
	}
	g.answers(nil)
	g.inLoop(func(l *loop) { l.look(time.Now()) })
	if r := g.engine().Report(); r.State != status.DeliveryUp || r.LastError != "" || r.Outcomes[outcome.Refused] != 0 || r.Undone != 0 {
		t.Errorf("%+v", r)
	}
	g.store("b")
	g.became(outcome.Delivered, 2)
}

// TestAgainNotSent: what can't be sent, or is none of the application's, is not.
func TestAgainNotSent(t *testing.T) {
	g := newRig(t)
	c := g.provision("only order.*")
	line := lineOf("shop", "a", "a")
	if _, err := c.engine.SendAgain(g.context(), []byte(line)); err != errNotBegun {
		t.Errorf("before its config runs: %v", err)
	}
	g.running("only order.*")
	for line, want := range map[string]error{
		lineOf("another", "a", "a"):                            errUnwanted,
		strings.Replace(line, "order.paid", "user.created", 1): errUnwanted,
		"": nil, "raw": nil, "{}": nil, `{"a":1}`: nil, line[:50]: nil, line[:50] + "\x00": nil,
	} {
		if _, err := g.engine().SendAgain(g.context(), []byte(strings.TrimSuffix(line, "\n"))); err == nil || want != nil && err != want {
			t.Errorf("%q: %v, want %v", line, err, want)
		}
	}
	if got := g.arrivals(); len(got) > 0 {
		t.Errorf("came: %q", got)
	}
	if n := len(status.LastAttempts(0)); n > 0 && status.LastAttempts(0)[n-1].Receiver == "another" {
		t.Error("an attempt is kept that was not made")
	}
	nameless := strings.Replace(line, `"receiver":"shop",`, "", 1)
	if a, err := g.engine().SendAgain(g.context(), []byte(strings.TrimSuffix(nameless, "\n"))); err != nil || !a.Taken {
		t.Errorf("an event without the name of its receiver: %+v, %v", a, err)
	}
	g.stop()
	if _, err := c.engine.SendAgain(g.context(), []byte(line)); err != errNotBegun {
		t.Errorf("after the stop: %v", err)
	}
}

// TestAgainAsItEnds: a stop or reload waits for it no longer than for other attempts: it ends with the grace period.
func TestAgainAsItEnds(t *testing.T) {
	for _, stops := range []bool{true, false} {
		t.Run(fmt.Sprint("stop ", stops), func(t *testing.T) {
			g := newRig(t)
			c := g.running("timeout 1m")
			c.Grace = 50 * time.Millisecond
			g.store("a")
			g.became(outcome.Delivered, 1)
			until := g.hangs()
			defer close(until)
			e, line, seq := g.engine(), g.found("a")[0].Text, status.AttemptSeq()
			ended := make(chan error, 1)
			go func() {
				_, err := e.SendAgain(context.Background(), line)
				ended <- err
			}()
			g.arrive("a 1", "a 1")
			if stops {
				g.stop()
			} else {
				g.load("timeout 1m")
			}
			select {
			case err := <-ended:
				if err != errUnanswered {
					t.Error(err)
				}
			case <-time.After(patience / 2):
				t.Fatal("it goes on")
			}
			if kept := status.LastAttempts(seq); len(kept) > 0 {
				t.Errorf("kept: %+v", kept)
			}
		})
	}
	t.Run("without grace period", func(t *testing.T) {
		g := newRig(t)
		g.running("timeout 1m")
		g.store("a")
		g.became(outcome.Delivered, 1)
		until := g.hangs()
		e, line := g.engine(), g.found("a")[0].Text
		taken := make(chan bool, 1)
		go func() {
			a, err := e.SendAgain(context.Background(), line)
			taken <- err == nil && a.Taken
		}()
		g.arrive("a 1", "a 1")
		g.load("timeout 1m")
		close(until)
		if !<-taken {
			t.Error("a reload has ended it")
		}
	})
}

// panics is a transport that does.
type panics struct{}

func (panics) RoundTrip(*http.Request) (*http.Response, error) {
	panic("a fault\n" + strings.Repeat("x", 1<<20))
}

// TestAgainFaults: a fault ends neither what asks nor what delivers.
func TestAgainFaults(t *testing.T) {
	g := newRig(t)
	c := g.running()
	g.store("a")
	g.became(outcome.Delivered, 1)
	c.Target.transport = panics{}
	a := g.again("a")
	if a.Taken || !strings.HasPrefix(a.Reason, "panic: a fault x") || len(a.Reason) > told+100 {
		t.Errorf("%+v", a)
	}
	e := &engine{commands: make(chan func(*loop))}
	ctx, cancel := context.WithTimeout(g.context(), time.Minute)
	defer cancel()
	go func() {
		defer func() { _ = recover(); cancel() }()
		(<-e.commands)(&loop{engine: e, plan: new(plan.Plan)}) // without a track
	}()
	if r := e.ask(ctx, status.Line{}); r.State != status.EventUnknown {
		t.Errorf("%+v", r)
	}
}

// TestAttemptsAreKept: each that was made is, with what became of it, and none that was not.
func TestAttemptsAreKept(t *testing.T) {
	g := newRig(t)
	seq := status.AttemptSeq()
	g.answers(func(a arrival, w http.ResponseWriter, _ *http.Request) {
		if a.attempt == "1" {
			w.WriteHeader(500)
			_, _ = io.WriteString(w, "not now")
		}
	})
	c := g.load("retry 1ms 1h")
	g.store("a")
	g.became(outcome.Delivered, 1)
	kept := status.LastAttempts(seq)
	for i := range kept {
		if kept[i].Took < 0 || kept[i].Time.IsZero() || kept[i].Seq != seq+uint64(i)+1 {
			t.Errorf("%+v", kept[i])
		}
		kept[i].Seq, kept[i].Time, kept[i].Took = 0, time.Time{}, 0
	}
	one := status.Attempt{Receiver: "shop", Delivery: "app", ID: "a", Type: "order.paid", Subject: "a", Number: 1, Status: 500, Reason: status.Answered + "500 Internal Server Error: not now"}
	two := status.Attempt{Receiver: "shop", Delivery: "app", ID: "a", Type: "order.paid", Subject: "a", Number: 2, Status: 200, Taken: true}
	if !slices.Equal(kept, []status.Attempt{one, two}) {
		t.Errorf("kept: %+v", kept)
	}
	until := g.hangs()
	defer close(until)
	c.Grace = time.Millisecond
	g.store("b")
	g.arrive("a 1", "a 2", "b 1")
	g.stop()
	if kept := status.LastAttempts(seq + 2); len(kept) > 0 {
		t.Errorf("a stop is kept as an attempt: %+v", kept)
	}
}
