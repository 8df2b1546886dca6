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
)

// Spec is what a config has to say of a delivery.
type Spec struct {
	Receiver      string // its name
	Delivery      *Delivery
	Target        *Target
	Path          string // of the file
	Journal       *journal.Journal
	Mode, DirMode fs.FileMode // of files and directories that are made
	KeepFor       time.Duration
	Grace         time.Duration // for attempts when the config has ended; 0: as long as they take
	Active        func() bool   // whether the config is the one that runs
	Logger        *zap.Logger
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
)

// engine is a delivery, which goes on over reloads. What it does with events is done by one
// goroutine, in loop.go, as long as a config that has it runs.
type engine struct {
	key
	made time.Time

	ready atomic.Bool // the cursor is there

	mu      sync.Mutex
	users   []*Handle
	current *Handle // whose settings count; nil: nobody's config runs
	loop    *loop   // nil while nobody's does
	timer   *time.Timer
	making  sync.Mutex // of the cursor
}

// Handle is a delivery as one config has it.
type Handle struct {
	Spec
	engine *engine
	ctx    context.Context // of its attempts
	cancel context.CancelCauseFunc
	unhold func()
	gone   atomic.Bool // its config was cleaned up
}

// Register has a delivery begin once the config runs. Until then, and afterwards, it does
// nothing but keep files that it may need.
func Register(s Spec) *Handle {
	k := key{s.Path, s.Receiver, s.Delivery.DisplayName()}
	engines.Lock()
	defer engines.Unlock()
	e := engines.of[k]
	if e == nil {
		e = &engine{key: k, made: time.Now()}
		if engines.of == nil {
			engines.of = make(map[key]*engine)
		}
		engines.of[k] = e
	}
	h := &Handle{Spec: s, engine: e}
	h.ctx, h.cancel = context.WithCancelCause(context.Background())
	h.unhold = s.Journal.Hold(e.needs, e.expiring)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.users = append(e.users, h)
	if e.timer == nil {
		e.timer = time.AfterFunc(lookSoon, e.look)
	}
	return h
}

// look finds out whether a config that has the delivery runs, and begins or ends it.
func (e *engine) look() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.timer = nil
	e.choose()
	every := lookEvery
	switch age := time.Since(e.made); {
	case len(e.users) == 0, e.current == nil && age > lookFor:
		return
	case age < time.Minute:
		every = lookSoon
	}
	e.timer = time.AfterFunc(every, e.look)
}

// choose begins, ends or changes what runs. The lock is held.
func (e *engine) choose() {
	var active *Handle
	for _, h := range e.users {
		if h.Active() {
			active = h
			break
		}
	}
	if active == e.current {
		return
	}
	e.current = active
	switch {
	case active == nil:
		e.loop.stop()
		e.loop = nil
	case e.loop == nil:
		e.loop = newLoop(e, active)
		go e.loop.run()
	default:
		e.loop.change(active)
	}
}

// Release says that the config is cleaned up. Its attempts may end within its grace period; if
// Caddy is stopping, they are waited for.
func (h *Handle) Release() {
	var running *loop
	h.gone.Store(true)
	e := h.engine
	engines.Lock()
	all := []*engine{e}
	if caddy.Exiting() { // all at once, and not one after the other
		for _, other := range engines.of {
			all = append(all, other)
		}
	}
	e.mu.Lock()
	e.users = slices.DeleteFunc(e.users, func(other *Handle) bool { return other == h })
	if running = e.loop; len(e.users) == 0 && engines.of[e.key] == e {
		delete(engines.of, e.key)
	}
	e.mu.Unlock()
	engines.Unlock()
	for _, e := range all {
		e.mu.Lock()
		e.choose()
		e.mu.Unlock()
	}
	h.unhold()
	if h.Grace > 0 {
		time.AfterFunc(h.Grace, func() { h.cancel(errCanceled) })
	}
	if running != nil && caddy.Exiting() {
		<-running.ended
	}
}
