package intake

import (
	"errors"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/outcome"
)

const (
	// memoryLimit bounds, in bytes, the bodies that are being read and the
	// events that wait to be stored, in all receivers of the process together.
	memoryLimit = 256 << 20

	// smallBody is the size of a body up to which it may be read even when
	// larger ones have taken their share.
	smallBody = 64 << 10

	// betweenLooks is how long to wait between looks at all bodies that are being read for
	// those that are overdue, so that thousands of them are not looked at for each.
	betweenLooks = 10 * time.Millisecond

	// collectFor is how long a large body waits for garbage to be collected.
	collectFor = time.Second
)

var errBusy = outcome.Busy(errors.New("too much is being received at once"))

// Memory is shared by all receivers, as the machine's memory is.
var Memory = newBudget(memoryLimit)

// budget hands out memory, in bytes. Bodies that are still being read get three
// quarters of it at most, so that stalled uploads don't stop what is complete
// from being stored. Large ones get half, and up to an eighth more the larger
// they are: so small events can still be read, and when many large ones come at
// once some get to their end, instead of all being refused half-way. Small ones
// make room for each other: where there is none the oldest is given up, as an
// honest sender's is complete long before it becomes that, and a stalled one
// would else keep others out for as long as its timeout.
//
// What was given back is still there until garbage is collected, for which Go may
// wait until the heap has doubled. So where used memory and garbage together would
// exceed one and a half of the limit it is collected first. Large bodies wait for
// that, small events never do: it takes as long as all of Caddy's heap makes it,
// and so is done no more than a fifth of the time.
type budget struct {
	mu      sync.Mutex
	limit   int64
	least   int64   // the limit, whatever the receivers want
	wanted  []int64 // by the receivers in use
	reading int64
	used    int64 // reading included

	released  int64         // given back, ever
	marked    [2]int64      // of that, what had been given back when Go collected before the last time, and then
	freed     int64         // of that, what is no more: what lies in pools survives once
	collected chan struct{} // closed when the collection is over; nil while there is none
	rest      time.Time     // until when there is to be none

	open    Lease       // the leases of bodies that are being read, in a ring, the oldest first
	overdue *time.Timer // stops what is to be read no longer; nil until there is one
	next    time.Time   // when it fires; zero while it is not running
}

// Usage returns the budget's limit, and how much of it is used.
func (b *budget) Usage() (limit, used int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.limit, b.used
}

func newBudget(limit int64) *budget {
	b := &budget{limit: limit, least: limit}
	b.open.before, b.open.after = &b.open, &b.open
	b.awaitCollection()
	return b
}

// awaitCollection is told of each collection, as something that nobody refers to
// is finalized then.
func (b *budget) awaitCollection() {
	runtime.SetFinalizer(new(struct{ _ *budget }), func(any) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.freed = max(b.freed, b.marked[0])
		b.marked = [2]int64{b.marked[1], b.released}
		b.awaitCollection()
	})
}

// Fit keeps the limit at n at least, until that is undone. If more than what is
// left is in use then, nobody gets any for a while.
func (b *budget) Fit(n int64) (undo func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.wanted = append(b.wanted, n)
	b.setLimit()
	return sync.OnceFunc(func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		i := slices.Index(b.wanted, n)
		b.wanted = slices.Delete(b.wanted, i, i+1)
		b.setLimit()
	})
}

func (b *budget) setLimit() {
	b.limit = b.least
	for _, wanted := range b.wanted {
		b.limit = max(b.limit, wanted)
	}
}

// Lease is one request's part of a budget.
type Lease struct {
	budget  *budget
	reading bool // the body is not complete
	size    int64

	stopper  stopper   // nil: the lease is never taken back
	deadline time.Time // when the body is to be complete
	lost     bool      // taken back

	before, after *Lease // in the budget's ring; nil: it is not in it
}

// Begin begins a lease, of nothing yet. The stopper, if there is one, is told at the
// deadline to stop if the body is not complete then. It is also told so where a small body
// that is being read has to give its memory back.
func (l *Lease) Begin(b *budget, stopper stopper, deadline time.Time) {
	*l = Lease{budget: b, reading: true, stopper: stopper, deadline: deadline}
}

// stopper is whoever reads a body.
type stopper interface {
	// StopReading makes the reading fail at once.
	StopReading()
}

// Take adds n bytes to the lease, or fails at once.
func (l *Lease) Take(n int64) error { return l.swap(0, n) }

// swap takes n bytes for old ones, which become garbage, or fails at once.
func (l *Lease) swap(old, n int64) error {
	b := l.budget
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.collect(n); err != nil {
		return err
	}
	n -= old
	if l.lost {
		return errBusy
	}
	if l.reading {
		share := b.limit / 4 * 3
		if l.size+n > smallBody {
			share = b.limit/2 + min(8*(l.size+n), b.limit/8)
		} else {
			b.makeRoom(n, share, l)
		}
		if n > share-b.reading {
			return errBusy
		}
	}
	if n > b.limit-b.used {
		return errBusy
	}
	if l.reading {
		b.reading += n
		if l.size == 0 && l.stopper != nil {
			l.list()
		}
	}
	b.used += n
	b.released += old
	l.size += n
	return nil
}

// collect has garbage collected where it leaves no room for n bytes more, and
// waits for that, unless n is small. The lock is held, but not all the time.
func (b *budget) collect(n int64) error {
	var began time.Time
	for b.used+n <= b.limit && b.used+n+b.released-b.freed > b.limit/2*3 {
		if began.IsZero() {
			began = time.Now()
		}
		if b.collected == nil {
			b.collected = make(chan struct{})
			go b.collectNow()
		}
		switch {
		case n <= smallBody:
			return nil
		case time.Since(began) > collectFor:
			return errBusy
		}
		collected := b.collected
		b.mu.Unlock()
		select {
		case <-collected:
		case <-time.After(collectFor):
		}
		b.mu.Lock()
	}
	return nil
}

func (b *budget) collectNow() {
	b.mu.Lock()
	rest := time.Until(b.rest)
	b.mu.Unlock()
	time.Sleep(rest)
	b.mu.Lock()
	released := b.released
	b.mu.Unlock()
	began := time.Now()
	runtime.GC()
	runtime.GC()
	b.mu.Lock()
	defer b.mu.Unlock()
	b.freed = max(b.freed, released)
	b.rest = time.Now().Add(4 * time.Since(began))
	close(b.collected)
	b.collected = nil
}

// makeRoom stops the oldest small bodies, except one, until n bytes fit into the
// share or there are no more of them. Their memory counts as used until they end.
func (b *budget) makeRoom(n, share int64, but *Lease) {
	for next := b.open.after; next != &b.open && n > share-b.reading; {
		l := next
		next = l.after
		if l != but && l.size <= smallBody {
			l.endReading()
			l.lost = true
			l.stopper.StopReading()
		}
	}
}

// Complete says that the reading is over. It fails if the lease has been taken
// back meanwhile.
func (l *Lease) Complete() error {
	l.budget.mu.Lock()
	defer l.budget.mu.Unlock()
	if l.lost {
		return errBusy
	}
	l.endReading()
	return nil
}

// Release gives everything back.
func (l *Lease) Release() {
	l.budget.mu.Lock()
	defer l.budget.mu.Unlock()
	l.endReading()
	l.budget.used -= l.size
	l.budget.released += l.size
	l.size = 0
}

func (l *Lease) endReading() {
	l.unlist()
	if l.reading {
		l.reading = false
		l.budget.reading -= l.size
	}
}

func (l *Lease) list() {
	b := l.budget
	l.before, l.after = b.open.before, &b.open
	l.before.after, l.after.before = l, l
	if b.next.IsZero() || l.deadline.Before(b.next) {
		b.stopOverdueAt(l.deadline)
	}
}

func (l *Lease) unlist() {
	if l.after != nil {
		l.before.after, l.after.before = l.after, l.before
		l.before, l.after = nil, nil
	}
}

func (b *budget) stopOverdueAt(t time.Time) {
	b.next = t
	if b.overdue == nil {
		b.overdue = time.AfterFunc(time.Until(t), b.stopOverdue)
	} else {
		b.overdue.Reset(time.Until(t))
	}
}

// stopOverdue stops the bodies whose deadline has passed. There is one timer for all of
// them, as one for each costs more than to read a body that has arrived: it fires at the
// first deadline that there was, and then looks for the next.
func (b *budget) stopOverdue() {
	b.mu.Lock()
	defer b.mu.Unlock()
	now, first := time.Now(), time.Time{}
	for next := b.open.after; next != &b.open; {
		l := next
		next = l.after
		switch {
		case !now.Before(l.deadline):
			l.endReading() // also where it can't be stopped, it keeps no room from others
			l.stopper.StopReading()
		case first.IsZero() || l.deadline.Before(first):
			first = l.deadline
		}
	}
	b.next = time.Time{}
	if !first.IsZero() {
		if soon := now.Add(betweenLooks); first.Before(soon) {
			first = soon
		}
		b.stopOverdueAt(first)
	}
}
