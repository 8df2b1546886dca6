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

	// The outcome, before which errSlow may come. There is room for both, so that
	// nobody waits for its reader. Nil where nobody waits.
	done chan error

	patient bool // waits for done alone, until errSlow comes; set with the Journal's lock held
}

// needsSync tells whether the request is a line that must be fsynced with its batch.
func (r *request) needsSync() bool { return r.line != nil && r.options.Sync == SyncAlways }

// errSlow tells a patient request to look at its context from now on.
var errSlow = errors.New("slow")

// requests are those that nobody refers to any more.
var requests = sync.Pool{New: func() any { return &request{done: make(chan error, 2)} }}

// slowBatch is how long a batch may take before those who wait for it, or behind
// it, look at their contexts: waiting for two things costs more than for one.
const slowBatch = 10 * time.Millisecond

// enqueue tells whether the request may be patient, if it wants to be.
func (j *Journal) enqueue(r *request, patient bool) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	r.patient = patient && !j.isSlow
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
	return r.patient
}

func (j *Journal) do(ctx context.Context, r *request) error {
	deadline, ok := ctx.Deadline()
	if j.enqueue(r, !ok || time.Until(deadline) > 2*slowBatch) {
		if err := <-r.done; err != errSlow {
			r.free()
			return err
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

// losePatience has everybody look at their contexts.
func (j *Journal) losePatience() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.isSlow = j.batch != nil
	for _, r := range slices.Concat(j.batch, j.queue) {
		if r.patient {
			r.patient = false
			r.done <- errSlow
		}
	}
}
