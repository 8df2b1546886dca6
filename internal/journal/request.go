package journal

import (
	"context"
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

	// The outcome, for which there is room, so that nobody waits for its reader. Nil
	// where nobody waits.
	done chan error
}

// needsSync tells whether the request is a line that must be fsynced with its batch.
func (r *request) needsSync() bool { return r.line != nil && r.options.Sync == SyncAlways }

// slowBatch is how long batches may follow each other before those who wait for one
// look at their contexts: whose timer and channel are made only when somebody
// does, which costs a tenth of all that an event does.
const slowBatch = 10 * time.Millisecond

// requests are those that nobody refers to any more.
var requests = sync.Pool{New: func() any { return &request{done: make(chan error, 1)} }}

// enqueue returns what is closed when the request has to look at its context.
func (j *Journal) enqueue(r *request) (slow <-chan struct{}) {
	j.mu.Lock()
	defer j.mu.Unlock()
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
	return j.slow
}

func (j *Journal) do(ctx context.Context, r *request) error {
	slow := j.enqueue(r)
	if deadline, ok := ctx.Deadline(); !ok || time.Until(deadline) > 2*slowBatch {
		select {
		case err := <-r.done:
			r.free()
			return err
		case <-slow:
		}
	}
	select {
	case err := <-r.done:
		r.free()
		return err
	case <-ctx.Done():
	}
	j.withdraw(r)
	select {
	case err := <-r.done:
		return err
	default:
		return fmt.Errorf("%s: waiting for the disk: %w", j.file.path, ctx.Err())
	}
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

// slowDown has everybody look at their contexts.
func (j *Journal) slowDown() {
	j.mu.Lock()
	defer j.mu.Unlock()
	if !j.isSlow {
		j.isSlow = true
		close(j.slow)
	}
}
