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
// once some get to their end, instead of all being refused half-way.
type budget struct {
	mu      sync.Mutex
	limit   int64
	reading int64
	used    int64 // reading included
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
}

func (b *budget) lease() *lease {
	return &lease{budget: b, reading: true}
}

// take adds n bytes to the lease, or fails at once.
func (l *lease) take(n int64) error {
	b := l.budget
	b.mu.Lock()
	defer b.mu.Unlock()
	if n > b.limit-b.used {
		return errBusy
	}
	if l.reading {
		share := b.limit / 4 * 3
		if l.size+n > smallBody {
			share = b.limit/2 + min(8*(l.size+n), b.limit/8)
		}
		if n > share-b.reading {
			return errBusy
		}
		b.reading += n
	}
	b.used += n
	l.size += n
	return nil
}

// complete says that the body has been read.
func (l *lease) complete() {
	l.budget.mu.Lock()
	defer l.budget.mu.Unlock()
	if l.reading {
		l.reading = false
		l.budget.reading -= l.size
	}
}

// release gives everything back.
func (l *lease) release() {
	l.complete()
	l.budget.mu.Lock()
	defer l.budget.mu.Unlock()
	l.budget.used -= l.size
	l.size = 0
}
