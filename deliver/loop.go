package deliver

import (
	"fmt"
	"os"
	"runtime/debug"
	"time"

	"go.uber.org/zap"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/deliver/cursor"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/deliver/plan"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/reader"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/status"
)

const (
	// keepBytes is how much of events that were read ahead is kept in memory.
	keepBytes = 16 << 20

	// beginAgain is when a delivery that could not begin is tried to be begun again.
	beginAgain = 10 * time.Second

	tick = time.Second
)

// loop delivers. Its fields are used by its goroutine alone, except for those that say so.
type loop struct {
	*engine
	handle *Handle
	log    *zap.Logger
	held   *os.File // the lock

	plan    *plan.Plan // nil before it has begun
	track   *reader.Track
	cursor  *cursor.Cursor
	dead    *deadLetters
	retried retried
	items   map[plan.ID]*item
	lastID  plan.ID
	kept    int // bytes

	wake       chan struct{} // something was stored
	results    chan *attempt
	emits      chan<- func()
	finished   chan func() // what is to be done after something in the background
	inFlight   int         // attempts
	background int         // other things that go on
	ending     bool

	saving
	watching
	keeping
	burying
}

// item is an event that is not done.
type item struct {
	position reader.Position
	retried  bool // it is a dead letter, in the file of those that are sent again
	subject  uint64
	received time.Time
	event    *reader.Event // nil: to be read again
	busy     bool          // it is being tried, or put into the dead letters
}

func newLoop(e *engine, h *Handle, emits chan<- func()) *loop {
	l := &loop{
		engine: e, emits: emits, wake: make(chan struct{}, 1), items: make(map[plan.ID]*item),
		results: make(chan *attempt, 64), finished: make(chan func()),
	}
	l.unburied, l.retried.undone, l.retried.fresh = make(map[plan.ID]string), make(map[plan.ID]bool), make(map[plan.ID]bool)
	l.sampler.First, l.sampler.Per = 3, time.Minute
	l.use(h)
	return l
}

// use takes over the settings of a config.
func (l *loop) use(h *Handle) {
	l.handle = h
	l.log = h.Logger.With(zap.String("delivery", l.name))
	if l.plan != nil {
		l.plan.Set(h.Delivery.plan())
	}
}

// heed does what the configs that there are now want.
func (l *loop) heed() {
	h := l.wanted()
	switch {
	case h == nil:
		l.ending = true
	case h == l.handle:
	case h.Journal != l.handle.Journal || h.Delivery.plan().Strict != l.handle.Delivery.plan().Strict:
		l.ending = true // and it begins anew
	default:
		l.use(h)
	}
}

// inBackground has something done beside, and then, by the loop, what it returns.
func (l *loop) inBackground(f func() (then func())) {
	l.background++
	go func() {
		var then func()
		defer func() {
			if p := recover(); p != nil {
				stack := debug.Stack()
				then = func() { panic(fmt.Sprintf("%v\n%s", p, stack)) }
			}
			l.finished <- then
		}()
		then = f()
	}()
}

// runSafely is run. A fault in it must not end the process, which receives: it begins anew, with
// what the cursor says.
func (l *loop) runSafely() {
	defer func() {
		p := recover()
		if p == nil {
			return
		}
		l.log.Error("the delivery has panicked; it begins anew", zap.Any("panic", p), zap.Stack("stack"))
		go l.drain(l.inFlight - len(l.counting) + l.background)
		l.plan = nil // so that no command uses it
		l.stands(status.DeliveryReport{State: status.DeliveryStarting, LastError: fmt.Sprint("panic: ", p)})
		l.wait(beginAgain)
	}()
	l.run()
}

// drain waits for attempts and other things that still go on, and does nothing with them.
func (l *loop) drain(n int) {
	for range n {
		select {
		case <-l.results:
		case <-l.finished:
		}
	}
}

// run delivers until the configs want something else.
func (l *loop) run() {
	if l.held = l.standBy(); l.held == nil {
		return
	}
	defer func() { _ = l.held.Close() }()
	for !l.ending {
		err := l.open()
		if err == nil {
			break
		}
		l.log.Error("the delivery can't begin; it is tried again", zap.Error(err))
		l.stands(status.DeliveryReport{State: status.DeliveryStarting, LastError: err.Error()})
		l.wait(beginAgain)
	}
	if l.ending {
		return
	}
	stop := l.handle.Journal.Watch(l.readOn)
	defer stop()
	l.deliver()
	l.end()
}

// wait waits, and heeds what it is told meanwhile.
func (l *loop) wait(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	for !l.ending {
		select {
		case <-l.told:
			l.heed()
		case f := <-l.commands:
			f(l)
		case <-timer.C:
			return
		}
	}
}

func (l *loop) add(it *item, s plan.State) {
	l.lastID++
	l.items[l.lastID] = it
	if it.retried {
		l.retried.undone[l.lastID] = true
		if s.Attempts == 0 {
			l.retried.fresh[l.lastID] = true
		}
	}
	if l.plan.Add(l.lastID, it.subject, s) {
		l.unburied[l.lastID] = "all attempts failed"
	}
}

// deliver is the loop.
func (l *loop) deliver() {
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	timer := time.NewTimer(0)
	defer timer.Stop()
	l.look(time.Now())
	for !l.ending {
		l.fill()
		l.relieve(time.Now())
		l.begin()
		l.save()
		if at := l.next(); !at.IsZero() {
			timer.Reset(max(0, time.Until(at)))
		} else {
			timer.Stop()
		}
		select {
		case a := <-l.results:
			l.done(a)
			for more := true; more; {
				select {
				case a := <-l.results:
					l.done(a)
				default:
					more = false
				}
			}
		case <-l.wake:
		case <-timer.C:
		case now := <-ticker.C:
			l.look(now)
		case then := <-l.finished:
			l.background--
			then()
		case f := <-l.commands:
			f(l)
		case <-l.told:
			l.heed()
		}
	}
}

// next is when there is something to be done without anything else happening; zero if there is no
// such time.
func (l *loop) next() (at time.Time) {
	if l.mayBegin() {
		at = l.plan.Wake()
	}
	if save := l.savedAt.Add(saveEvery); l.dirty && !l.going && (at.IsZero() || save.Before(at)) {
		at = save
	}
	return at
}

// end lets attempts end, and saves the cursor.
func (l *loop) end() {
	counting := l.counting
	l.counting = nil
	l.notMade(counting)
	for l.inFlight+l.background > 0 {
		select {
		case a := <-l.results:
			l.done(a)
		case then := <-l.finished:
			l.background--
			then()
		case f := <-l.commands:
			f(l)
		}
	}
	err := errReplaced
	if !l.replaced {
		if err = l.cursor.Save(l.record(true)); err != nil {
			l.log.Error("the cursor could not be saved: what was delivered in the last second will be again", zap.Error(err))
		}
	}
	for _, then := range l.waiting {
		then(err)
	}
	if l.wanted() == nil {
		l.left()
	}
	_ = l.cursor.Close()
	l.track.Close()
	l.closeRetried()
}
