package journal

import (
	"slices"
	"time"
)

// gatherFor is how long a batch waits at most for callers that are likely to
// share it.
const gatherFor = 2 * time.Millisecond

// gatherSize is from how many bytes on a batch does not wait for more: writing
// them takes longer than what they would share.
const gatherSize = 256 << 10

// gathering decides how long a batch waits for more lines, as one fsync takes
// the processors as long for many as for one. A sender that waits for an answer
// before it sends the next event is back soon after the answer: so whoever's line
// was just fsynced, or came meanwhile, is expected to share the next batch, which
// waits for nine of ten of them, and where they are fewer, for all. A lone caller never waits, and whoever comes
// some time after the others does not either.
//
// Its fields are used with the Journal's lock held.
type gathering struct {
	limit time.Duration // gatherFor, except in tests

	share int       // of the callers that are expected, how many to wait for
	since time.Time // when that was found

	enough chan struct{} // closed when the waiting is over; nil while nobody waits
	timer  *time.Timer   // ends it; nil until there is one
	size   int           // of the lines in the queue, in bytes, while waiting
}

// gather returns when the next batch should begin.
func (j *Journal) gather() {
	if enough := j.beginGathering(); enough != nil {
		<-enough
		j.gathering.timer.Stop()
	}
}

// beginGathering returns nil if there is nobody to wait for.
func (j *Journal) beginGathering() (enough <-chan struct{}) {
	j.mu.Lock()
	defer j.mu.Unlock()
	g := &j.gathering
	if len(j.queue) == 0 || len(j.queue) >= g.share || time.Since(g.since) > g.limit {
		return nil
	}
	g.size = 0
	for _, r := range j.queue {
		g.size += len(r.line)
	}
	if g.size >= gatherSize {
		return nil
	}
	g.enough = make(chan struct{})
	g.timer = time.AfterFunc(g.limit, j.endGathering)
	return g.enough
}

func (j *Journal) endGathering() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.gathering.end()
}

// end ends the waiting, if there is any.
func (g *gathering) end() {
	if g.enough != nil {
		close(g.enough)
		g.enough = nil
	}
}

// queued is told of a request that has joined the queue, which is of length n now.
// One without a line is not to wait for anybody.
func (g *gathering) queued(r *request, n int) {
	g.size += len(r.line)
	if r.line == nil {
		g.share = 0
	}
	if n >= g.share || g.size >= gatherSize {
		g.end()
	}
}

// committed is told of a batch that is over, and how many wait for the next one.
func (g *gathering) committed(batch []*request, queue int) {
	g.share, g.since = 0, time.Now()
	if slices.ContainsFunc(batch, (*request).needsSync) {
		n := queue
		for _, r := range batch {
			if r.line != nil {
				n++
			}
		}
		g.share = (n*9 + 9) / 10
	}
}
