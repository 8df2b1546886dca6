package deliver

import (
	"context"
	"io/fs"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/caddyserver/caddy/v2"
	"go.uber.org/zap"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/journal"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/metrics"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/outcome"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/reader"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/status"
)

// Spec is what a config has to say of a delivery.
type Spec struct {
	Receiver      string                                 // its name
	Delivery      *Delivery                              // its settings
	Target        *Target                                // where it sends to
	Path          string                                 // of the file
	Journal       *journal.Journal                       // that writes it
	Mode, DirMode fs.FileMode                            // of files and directories that are made
	KeepFor       time.Duration                          // of files and dead letters; 0: for ever
	Grace         time.Duration                          // for attempts when the config has ended; 0: as long as they take
	Active        func() bool                            // whether the config is the one that runs
	Logger        *zap.Logger                            // the receiver's
	Emit          func(name string, data map[string]any) // an event of Caddy's; may be nil
}

// key tells deliveries apart. One goes on over reloads.
type key struct{ path, receiver, name string }

// engines are those of the process.
var engines struct {
	sync.Mutex
	of map[key]*engine
}

const (
	// lookSoon is how often it is asked whether a config runs, in the first minute; lookEvery later on.
	lookSoon  = 100 * time.Millisecond
	lookEvery = time.Second

	// lookFor is how long a config may take until it runs. Not every one that is rejected is
	// cleaned up.
	lookFor = time.Hour

	// maxEmits is how many events of Caddy's may wait for their handlers.
	maxEmits = 256
)

// engine is a delivery, which goes on over reloads. As long as a config that has it runs, a
// goroutine does what is to be done with events: see loop.
type engine struct {
	key
	made    time.Time   // or used by another config
	ran     atomic.Bool // a config ran that has it
	metrics *metrics.Delivery
	counts  [6]atomic.Uint64 // by the index in outcome.OfDeliveries
	report  atomic.Pointer[status.DeliveryReport]
	needed  atomic.Pointer[reader.Need] // nil: every file is

	ready  atomic.Bool // the cursor is there
	making sync.Mutex  // of the cursor

	told     chan struct{} // current has changed
	commands chan func(*loop)
	mu       sync.Mutex
	users    []*Handle
	current  *Handle       // whose settings count; nil: nobody's config runs
	running  chan struct{} // closed when the goroutine ends; nil: there is none
	timer    *time.Timer
	withdraw func()
}

// Handle is a delivery as one config has it.
type Handle struct {
	Spec
	engine *engine
	ctx    context.Context // of its attempts
	cancel context.CancelCauseFunc
	unhold func()
	gone   atomic.Bool // its config was cleaned up
	finish sync.Once
}

// exiting tells whether Caddy is being stopped. Tests replace it.
var exiting = caddy.Exiting

// Register has a delivery begin once the config runs. Until then, and afterwards, it does
// nothing but keep files that it may need.
func Register(s Spec) *Handle {
	k := key{s.Path, s.Receiver, s.Delivery.DisplayName()}
	engines.Lock()
	defer engines.Unlock()
	e := engines.of[k]
	if e == nil {
		e = &engine{
			key: k, made: time.Now(), told: make(chan struct{}, 1), commands: make(chan func(*loop)),
		}
		if engines.of == nil {
			engines.of = make(map[key]*engine)
		}
		engines.of[k] = e
		e.withdraw = status.PublishDelivery(e)
	}
	h := &Handle{Spec: s, engine: e}
	h.ctx, h.cancel = context.WithCancelCause(context.Background())
	h.unhold = s.Journal.Hold(e.needs, e.expiring)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.users = append(e.users, h)
	e.made = time.Now()
	if e.timer == nil {
		e.timer = time.AfterFunc(lookSoon, e.look)
	} else {
		e.timer.Reset(lookSoon)
	}
	return h
}

// look finds out whether a config that has the delivery runs, and begins or ends it.
func (e *engine) look() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.choose()
	every := lookEvery
	switch age := time.Since(e.made); {
	case len(e.users) == 0, e.current == nil && age > lookFor:
		e.timer = nil
		return
	case age < time.Minute:
		every = lookSoon
	}
	if e.timer != nil {
		e.timer.Reset(every)
	}
}

// choose begins, ends or changes what runs. The lock is held.
func (e *engine) choose() {
	i := slices.IndexFunc(e.users, func(h *Handle) bool { return h.Active() })
	var active *Handle
	if i >= 0 {
		active = e.users[i]
	}
	if active == e.current {
		return
	}
	e.current = active
	e.ran.Store(e.ran.Load() || active != nil)
	if e.running == nil && active != nil && !exiting() { // a config may be loaded after the stop, which is not stopped
		e.running = make(chan struct{})
		e.metrics = metrics.OfDelivery(e.receiver, e.name)
		go e.run()
		return
	}
	select {
	case e.told <- struct{}{}:
	default:
	}
}

// wanted returns whose settings count, or nil.
func (e *engine) wanted() *Handle {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.current
}

// run delivers as long as a config wants that.
func (e *engine) run() {
	emits := make(chan func(), maxEmits) // to one goroutine, so that they keep their order
	defer close(emits)
	go emitAll(emits)
	for {
		e.mu.Lock()
		h := e.current
		if h == nil {
			close(e.running)
			e.running = nil
			e.needed.Store(nil)
			e.metrics.Forget()
			e.mu.Unlock()
			e.reap()
			return
		}
		e.mu.Unlock()
		newLoop(e, h, emits).runSafely()
		e.report.Store(nil)
	}
}

func emitAll(emits <-chan func()) {
	for emit := range emits {
		emit()
	}
}

// reap forgets an engine that nobody uses.
func (e *engine) reap() {
	engines.Lock()
	defer engines.Unlock()
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.users) == 0 && e.running == nil && engines.of[e.key] == e {
		delete(engines.of, e.key)
		e.withdraw()
	}
}

// Release says that the config is cleaned up. Its attempts may end within its grace period; if
// Caddy is stopping, they are waited for, unless a config goes on with the delivery: that one
// is not stopped before this returns.
func (h *Handle) Release() {
	e := h.engine
	h.end()
	e.mu.Lock()
	e.users = slices.DeleteFunc(e.users, func(other *Handle) bool { return other == h })
	e.choose()
	running, goesOn := e.running, e.current != nil
	e.mu.Unlock()
	if exiting() {
		endAll() // at once, and not one after the other
		if running != nil && !goesOn {
			<-running
		}
	}
	h.unhold()
	e.reap()
}

// end has the grace period begin.
func (h *Handle) end() {
	h.finish.Do(func() {
		h.gone.Store(true)
		if h.Grace > 0 {
			time.AfterFunc(h.Grace, func() { h.cancel(errCanceled) })
		}
	})
}

// endAll has all deliveries end whose configs do not run any more.
func endAll() {
	engines.Lock()
	all := make([]*engine, 0, len(engines.of))
	for _, e := range engines.of {
		all = append(all, e)
	}
	engines.Unlock()
	for _, e := range all {
		e.mu.Lock()
		for _, h := range e.users {
			if !h.Active() {
				h.end()
			}
		}
		e.choose()
		e.mu.Unlock()
	}
}

// count counts what became of attempts or events.
func (e *engine) count(became string, n uint64) {
	e.metrics.Count(became, n)
	e.counts[max(0, slices.Index(outcome.OfDeliveries, became))].Add(n)
}

// InEffect tells whether a config runs that has the delivery. It is looked at once more: who asks
// right after a start or a reload finds what is there.
func (e *engine) InEffect() bool {
	e.look()
	return e.wanted() != nil
}

// Report tells how the delivery stands.
func (e *engine) Report() status.DeliveryReport {
	report := status.DeliveryReport{State: status.DeliveryStarting}
	if stands := e.report.Load(); stands != nil {
		report = *stands
	}
	report.Receiver, report.Name = e.receiver, e.name
	if h := e.wanted(); h != nil {
		report.URL = h.Target.URL()
	}
	report.DeadFile = deadFile(e.path, e.name)
	report.Outcomes = make(map[string]uint64, len(outcome.OfDeliveries))
	for i, name := range outcome.OfDeliveries {
		report.Outcomes[name] = e.counts[i].Load()
	}
	return report
}
