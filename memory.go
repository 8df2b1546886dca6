package webhookreceiver

import (
	"errors"
	"math"
	"sync"
)

const (
	// memoryLimit bounds, in bytes, the bodies that are being read and the
	// events that wait to be stored, in all receivers of the process together.
	memoryLimit = 256 << 20

	// smallBody is the size of a body up to which it may be read even when
	// larger ones have taken their share.
	smallBody = 64 << 10
)

var errBusy = errors.New("too much is being received at once")

// memory is shared by all receivers, as the machine's memory is.
var memory = budget{limit: memoryLimit}

// budget hands out memory, in bytes. Bodies that are still being read get three
// quarters of it at most, so that stalled uploads don't stop what is complete
// from being stored. Large ones get half, and up to an eighth more the larger
// they are: so small events can still be read, and when many large ones come at
// once some get to their end, instead of all being refused half-way. Small ones
// make room for each other: where there is none the oldest is given up, as an
// honest sender's is complete long before it becomes that, and a stalled one
// would else keep others out for as long as its timeout.
type budget struct {
	mu      sync.Mutex
	limit   int64
	reading int64
	used    int64 // reading included

	// Small bodies that are being read, the oldest first.
	oldest, newest *lease
}

// fit raises the limit to what a few bodies of that size need.
func (b *budget) fit(bodySize int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.limit = max(b.limit, 8*min(bodySize, math.MaxInt64/8))
}

// lease is one request's part of a budget.
type lease struct {
	budget  *budget
	reading bool // the body is not complete
	size    int64

	// stopper makes the reading of the body fail at once. Without it the lease is
	// never taken back.
	stopper interface{ stopReading() }
	lost    bool // taken back

	small        bool // among the budget's, between these two
	older, newer *lease
}

func (b *budget) lease() *lease {
	return &lease{budget: b, reading: true}
}

// take adds n bytes to the lease, or fails at once.
func (l *lease) take(n int64) error {
	b := l.budget
	b.mu.Lock()
	defer b.mu.Unlock()
	if l.lost {
		return errBusy
	}
	if l.reading {
		share := b.limit / 4 * 3
		if l.size+n > smallBody {
			share = b.limit/2 + min(8*(l.size+n), b.limit/8)
			l.unlist()
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
		if l.size == 0 && n <= smallBody && l.stopper != nil {
			l.enlist()
		}
	}
	b.used += n
	l.size += n
	return nil
}

// makeRoom stops the oldest small bodies, but for one, until n bytes fit into the
// share or there are no more of them. Their memory counts as used until they end.
func (b *budget) makeRoom(n, share int64, but *lease) {
	for l := b.oldest; l != nil && n > share-b.reading; {
		next := l.newer
		if l != but {
			l.endReading()
			l.lost = true
			l.stopper.stopReading()
		}
		l = next
	}
}

// complete says that the reading is over. It fails if the lease has been taken
// back meanwhile.
func (l *lease) complete() error {
	l.budget.mu.Lock()
	defer l.budget.mu.Unlock()
	if l.lost {
		return errBusy
	}
	l.endReading()
	return nil
}

// release gives everything back.
func (l *lease) release() {
	l.budget.mu.Lock()
	defer l.budget.mu.Unlock()
	l.endReading()
	l.budget.used -= l.size
	l.size = 0
}

func (l *lease) endReading() {
	l.unlist()
	if l.reading {
		l.reading = false
		l.budget.reading -= l.size
	}
}

func (l *lease) enlist() {
	b := l.budget
	l.small, l.older = true, b.newest
	if b.newest != nil {
		b.newest.newer = l
	} else {
		b.oldest = l
	}
	b.newest = l
}

func (l *lease) unlist() {
	if !l.small {
		return
	}
	b := l.budget
	if l.older != nil {
		l.older.newer = l.newer
	} else {
		b.oldest = l.newer
	}
	if l.newer != nil {
		l.newer.older = l.older
	} else {
		b.newest = l.older
	}
	l.small, l.older, l.newer = false, nil, nil
}
