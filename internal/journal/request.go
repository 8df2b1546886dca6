package journal

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// request is a line to be committed, or, without a line, the wish that all
// earlier ones be fsynced.
type request struct {
	line    []byte
	options *Options

	// The outcome, and errSlow once at most before it. There is room for both, so that
	// nobody waits for its reader. Nil where nobody waits.
	done chan error

	since uint64 // the ticks that there had been when it came
	slow  bool   // it has been told so
}

// needsSync tells whether the request is a line that must be fsynced with its batch.
func (r *request) needsSync() bool { return r.line != nil && r.options.Sync == SyncAlways }

// slowBatch is how long a caller waits for its outcome alone, up to twice of it, before it
// looks at its context as well: whose timer and channel are made only when somebody does.
const slowBatch = 10 * time.Millisecond

// errSlow is no outcome: it has a caller look at its context.
var errSlow = errors.New("slow")

// requests are those that nobody refers to any more.
var requests = sync.Pool{New: func() any { return &request{done: make(chan error, 2)} }}

func (j *Journal) enqueue(r *request) {
	j.mu.Lock()
	defer j.mu.Unlock()
	r.since, r.slow = j.ticks, false
	j.queue = append(j.queue, r)
	j.gathering.queued(r, len(j.queue))
	if o := r.options; o != nil && !o.released && !slices.Contains(j.users, o) {
		j.users = append(slices.Clip(j.users), o)
		j.keeper.Register(o, o.wishes())
	}
	if !j.committing {
		j.committing = true
		go j.commit()
	}
}

func (j *Journal) do(ctx context.Context, r *request) error {
	j.enqueue(r)
	err := <-r.done
	if err == errSlow {
		select {
		case err = <-r.done:
		case <-ctx.Done():
			j.withdraw(r)
			select {
			case err = <-r.done:
			default:
				return fmt.Errorf("%s: waiting for the disk: %w", j.file.path, ctx.Err())
			}
		}
	}
	r.free()
	return err
}

func (r *request) free() {
	r.line, r.options = nil, nil
	requests.Put(r)
}

// withdraw takes a line back that is in no batch yet, so that its memory does
// not outlive the caller's interest while an fsync hangs.
func (j *Journal) withdraw(r *request) {
	if r.line == nil {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if i := slices.Index(j.queue, r); i >= 0 {
		j.queue = slices.Delete(j.queue, i, i+1)
	}
}

// tickAgain has the ticker tick. The lock is held.
func (j *Journal) tickAgain() {
	switch {
	case j.ticking:
	case j.ticker == nil:
		j.ticker = time.AfterFunc(slowBatch, j.tick)
	default:
		j.ticker.Reset(slowBatch)
	}
	j.ticking = true
}

// tick has those look at their contexts who came before the last tick.
func (j *Journal) tick() {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, waiting := range [...][]*request{j.batch, j.queue} {
		for _, r := range waiting {
			if r.since < j.ticks && !r.slow && r.done != nil {
				r.slow = true
				r.done <- errSlow
			}
		}
	}
	j.ticks++
	j.ticking = false
	if j.committing {
		j.tickAgain()
	}
}
