package deliver

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/journal"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/reader"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/status"
)

// patience is how long something may take that is waited for.
const patience = 20 * time.Second

// rig is a receiver's file, an application, and the configs that have a delivery from one to the other.
type rig struct {
	*testing.T
	path    string
	journal *journal.Journal
	url     string
	logs    *observer.ObservedLogs
	log     *zap.Logger
	configs []*rigConfig

	mu     sync.Mutex
	answer func(a arrival, w http.ResponseWriter, r *http.Request)
	got    []arrival
}

// arrival is a request that the application got.
type arrival struct{ id, attempt, path string }

// rigConfig is a config with a delivery.
type rigConfig struct {
	*Handle
	runs atomic.Bool
}

var isExiting atomic.Bool // whether Caddy is

func init() { exiting = isExiting.Load }

func newRig(t *testing.T) *rig {
	t.Helper()
	g := &rig{T: t, path: filepath.Join(t.TempDir(), "events.jsonl")}
	var core zapcore.Core
	core, g.logs = observer.New(zapcore.DebugLevel)
	g.log = zap.New(core)
	g.journal = journal.New(g.path, nil)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		a := arrival{r.Header.Get(reader.HeaderEventID), r.Header.Get("X-Webhook-Attempt"), r.URL.Path}
		g.mu.Lock()
		g.got = append(g.got, a)
		answer := g.answer
		g.mu.Unlock()
		if answer != nil {
			answer(a, w, r)
		}
	}))
	g.url = server.URL
	t.Cleanup(func() {
		g.stop()
		server.CloseClientConnections()
		server.Close()
	})
	return g
}

// answers has the application answer so from now on.
func (g *rig) answers(answer func(a arrival, w http.ResponseWriter, r *http.Request)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.answer = answer
}

// refuses has it refuse the events that are named, or all.
func (g *rig) refuses(ids ...string) {
	g.answers(func(a arrival, w http.ResponseWriter, _ *http.Request) {
		if slices.Contains(ids, a.id) || slices.Contains(ids, "all") {
			w.WriteHeader(500)
		}
	})
}

// hangs has it answer nothing until what is returned is closed, or the request is cancelled.
func (g *rig) hangs() chan struct{} {
	until := make(chan struct{})
	g.answers(func(_ arrival, _ http.ResponseWriter, r *http.Request) {
		select {
		case <-until:
		case <-r.Context().Done():
		}
	})
	return until
}

// arrivals returns the ids that came, each with the number of the attempt.
func (g *rig) arrivals() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	var all []string
	for _, a := range g.got {
		all = append(all, a.id+" "+a.attempt)
	}
	return all
}

func (g *rig) forgetArrivals() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.got = nil
}

// provision has a config have the delivery, without running it.
func (g *rig) provision(options ...string) *rigConfig {
	g.Helper()
	text := "deliver " + g.url + " {\n" + strings.Join(options, "\n") + "\n}"
	if len(options) > 0 && strings.HasPrefix(options[0], "deliver ") {
		text = options[0] + " {\n" + strings.Join(options[1:], "\n") + "\n}"
	}
	target := mustLoad(g.T, text, nil)
	c := new(rigConfig)
	c.Handle = Register(Spec{
		Receiver: "shop", Delivery: target.delivery, Target: target, Path: g.path, Journal: g.journal, Mode: 0o600, DirMode: 0o700,
		Active: c.runs.Load, Logger: g.log,
	})
	g.configs = append(g.configs, c)
	return c
}

// load runs a config that has the delivery, in the place of those before.
func (g *rig) load(options ...string) *rigConfig {
	g.Helper()
	old := g.configs
	g.configs = nil
	c := g.provision(options...)
	for _, other := range old {
		other.runs.Store(false)
	}
	c.runs.Store(true)
	for _, other := range old {
		other.Release()
	}
	return c
}

// running is load, and returns once it delivers.
func (g *rig) running(options ...string) *rigConfig {
	g.Helper()
	c := g.load(options...)
	g.eventually("it runs", func() bool { return c.engine.report.Load() != nil && c.ready() })
	return c
}

func (c *rigConfig) ready() bool { return c.engine.ready.Load() && c.Ready() == nil }

// stop is caddy stop: it returns once everything has ended.
func (g *rig) stop() {
	for _, c := range g.configs {
		c.runs.Store(false)
	}
	isExiting.Store(true)
	defer isExiting.Store(false)
	for _, c := range g.configs {
		c.Release()
	}
	g.configs = nil
	_ = g.journal.Close(context.Background())
}

// restart is a stop, and a start with a config.
func (g *rig) restart(options ...string) *rigConfig {
	g.Helper()
	g.stop()
	g.journal = journal.New(g.path, nil)
	return g.load(options...)
}

// store stores events, each with the id as its subject if it has none: "id subject".
func (g *rig) store(events ...string) {
	g.Helper()
	for _, e := range events {
		id, subject, ok := strings.Cut(e, " ")
		if !ok {
			subject = id
		}
		for _, c := range g.configs {
			if err := c.Ready(); err != nil {
				g.Fatal(err)
			}
		}
		g.append(lineOf("shop", id, subject))
	}
}

func (g *rig) append(text string) {
	g.Helper()
	if err := g.journal.Append(context.Background(), []byte(text), &journal.Options{Mode: 0o600, DirMode: 0o700}); err != nil {
		g.Fatal(err)
	}
}

func lineOf(receiver, id, subject string) string {
	return fmt.Sprintf(`{"specversion":"1.0","id":%q,"source":"/s","type":"order.paid","subject":%q,"time":%q,"receiver":%q,"data":{"n":1}}`+"\n",
		id, subject, time.Now().UTC().Format(time.RFC3339Nano), receiver)
}

func (g *rig) eventually(what string, is func() bool) {
	g.Helper()
	for began := time.Now(); !is(); time.Sleep(2 * time.Millisecond) {
		if time.Since(began) > patience {
			g.Fatalf("in vain: %s; arrived: %q; logged: %v", what, g.arrivals(), g.logged())
		}
	}
}

// arrive waits until exactly these have come, in any order.
func (g *rig) arrive(want ...string) {
	g.Helper()
	slices.Sort(want)
	g.eventually(fmt.Sprintf("%q arrive", want), func() bool {
		got := g.arrivals()
		slices.Sort(got)
		return slices.Equal(got, want)
	})
}

func (g *rig) logged() (lines []string) {
	for _, e := range g.logs.All() {
		lines = append(lines, fmt.Sprint(e.Level, " ", e.Message, " ", e.ContextMap()))
	}
	return lines
}

func (g *rig) has(message string) bool {
	return slices.ContainsFunc(g.logs.All(), func(e observer.LoggedEntry) bool { return strings.Contains(e.Message, message) })
}

// do does something with the delivery that is running.
func (g *rig) do(action string) {
	g.Helper()
	if _, err := g.engine().Do(context.Background(), action); err != nil {
		g.Fatalf("%s: %v; logged: %v", action, err, g.logged())
	}
}

func (g *rig) engine() *engine { return g.configs[0].engine }

// state waits until the delivery stands so.
func (g *rig) state(want string) status.DeliveryReport {
	g.Helper()
	var r status.DeliveryReport
	g.eventually("it is "+want, func() bool { r = g.engine().Report(); return r.State == want })
	return r
}

// became waits until so much became so of events, since the process started.
func (g *rig) became(outcome string, n uint64) {
	g.Helper()
	g.eventually(fmt.Sprintf("%s: %d", outcome, n), func() bool { return g.engine().Report().Outcomes[outcome] == n })
}

// inLoop has something done by the goroutine that delivers.
func (g *rig) inLoop(f func(l *loop)) {
	g.Helper()
	done := make(chan struct{})
	select {
	case g.engine().commands <- func(l *loop) { f(l); close(done) }:
		<-done
	case <-time.After(patience):
		g.Fatalf("nobody does it: %v", g.logged())
	}
}

func (g *rig) context() context.Context { return context.Background() }
