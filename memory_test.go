package webhookreceiver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/intake"
)

// TestBudgetIsOfConfigsInUse: a config that is rejected changes nothing.
func TestBudgetIsOfConfigsInUse(t *testing.T) {
	config := func(size, file string) string {
		return fmt.Sprintf(`{"provider":"cloudevents","accept":"json","max_body_size":%s,"outputs":[{"output":"file","filename":%q}]}`, size, file)
	}
	good, bad := t.TempDir()+"/events.jsonl", t.TempDir()
	limit := func() int64 {
		limit, _ := intake.Memory.Usage()
		return limit
	}
	if _, err := loadJSON(t, config("10737418240", bad)); err == nil {
		t.Fatal("a directory as a file's name was taken")
	}
	if got := limit(); got != 256<<20 {
		t.Errorf("a rejected config left a limit of %d", got)
	}
	_, drop := loadForNow(t, config("1073741824", good))
	_, dropSmaller := loadForNow(t, config("536870912", good))
	if got := limit(); got != 8<<30 {
		t.Errorf("limit %d for bodies of 1 GiB", got)
	}
	drop()
	if got := limit(); got != 4<<30 {
		t.Errorf("limit %d for bodies of 512 MiB", got)
	}
	dropSmaller()
	if got := limit(); got != 256<<20 {
		t.Errorf("limit %d after all", got)
	}
}

// TestStalledSenderMakesRoom is the same over real connections: the stalled
// sender is told at once, and its connection ends soon, not at its timeout.
func TestStalledSenderMakesRoom(t *testing.T) {
	rc := newReceiver(t, "timeout 1m")
	var others []*intake.Lease
	for {
		l := new(intake.Lease)
		if l.Begin(intake.Memory, nil, time.Time{}); l.Take(64<<10) != nil {
			break
		}
		others = append(others, l)
		defer l.Release()
	}
	others[0].Release() // room for one
	_, before := intake.Memory.Usage()

	stalled := dial(t, rc)
	fmt.Fprint(stalled, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 65000\r\n\r\n", strings.Repeat(" ", 64000))
	eventually(t, "the body is being read", func() bool {
		_, used := intake.Memory.Usage()
		return used > before+60_000
	})
	start := time.Now()
	if resp := rc.post(t, strings.Repeat(" ", 60_000)+sample); resp.StatusCode != 200 {
		t.Errorf("the honest sender: status %d", resp.StatusCode)
	}
	if resp := answer(t, stalled); resp.StatusCode != 503 || resp.Header.Get("Retry-After") == "" || !resp.Close {
		t.Errorf("the stalled one: status %d, Retry-After %q, close %v", resp.StatusCode, resp.Header.Get("Retry-After"), resp.Close)
	}
	_, _ = io.Copy(io.Discard, stalled)
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("both were served after %v", took)
	}
}

// TestRequestsContext ends at its deadline, or with the request, and not with the context that it
// has its values from; so do those that are made of it, and whoever asks when it is over.
func TestRequestsContext(t *testing.T) {
	key := caddy.CtxKey("key")
	values, cancel := context.WithCancel(context.WithValue(context.Background(), key, "value"))
	cancel()
	ctx := &timed{values: values, deadline: time.Now().Add(time.Hour)}
	if err := ctx.Err(); err != nil {
		t.Errorf("it ended with the other: %v", err)
	}
	of, stop := context.WithCancel(ctx)
	defer stop()
	if deadline, ok := of.Deadline(); !ok || deadline != ctx.deadline || of.Value(key) != "value" {
		t.Error("no deadline, or not the values")
	}
	ctx.end()
	<-of.Done()
	if err := ctx.Err(); !errors.Is(err, context.Canceled) {
		t.Errorf("over: %v", err)
	}

	ctx = &timed{values: values, deadline: time.Now().Add(time.Hour)}
	ctx.end()
	<-ctx.Done()

	ctx = &timed{values: values, deadline: time.Now().Add(10 * time.Millisecond)}
	<-ctx.Done()
	if err := ctx.Err(); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("at the deadline: %v", err)
	}
}

// TestDeadlinesKeepNoRequest: Go keeps timers that were stopped while they are few beside
// those that run. What they know of is kept, too: it must not be the request.
func TestDeadlinesKeepNoRequest(t *testing.T) {
	const requests = 10
	var gone atomic.Int64
	var others []*time.Timer
	func() {
		for range requests {
			body := new([1 << 20]byte)
			runtime.SetFinalizer(body, func(any) { gone.Add(1) })
			ctx := &timed{values: context.WithValue(context.Background(), caddy.CtxKey("body"), body), deadline: time.Now().Add(time.Hour)}
			_ = ctx.Done()
			if ctx.Value(caddy.CtxKey("body")) != body {
				t.Error("the context has not the values of the request's")
			}
			for range 10 {
				others = append(others, time.AfterFunc(time.Hour, func() {}))
			}
			ctx.end()
			if ctx.Err() == nil {
				t.Error("the context does not end")
			}
		}
	}()
	for deadline := time.Now().Add(10 * time.Second); gone.Load() < requests; runtime.GC() {
		if time.Now().After(deadline) {
			t.Fatalf("%d of %d requests are gone", gone.Load(), requests)
		}
		time.Sleep(time.Millisecond)
	}
	for _, other := range others {
		other.Stop()
	}
}
