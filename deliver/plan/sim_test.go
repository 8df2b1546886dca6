package plan

import (
	"container/heap"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"
)

// world is a target, and events that come, in a time of its own.
type world struct {
	plan   *Plan
	random *rand.Rand
	now    time.Time
	began  time.Time
	target func(w *world, e *simEvent) (o Outcome, took time.Duration)

	coming   func(w *world) (in time.Duration, subject string, poison bool) // in < 0: no more
	nextAt   time.Time
	next     *simEvent
	unread   []*simEvent
	events   []*simEvent
	attempts []*simAttempt // in flight, a heap

	trouble   time.Duration // when that is over, from the beginning
	backAt    time.Time     // when an event was taken after it
	restarts  time.Duration // how often the process is restarted
	restartAt time.Time
	relieveAt time.Time

	results simResults
	open    map[string][]*simEvent // of each subject
}

type simEvent struct {
	id       int
	subject  string
	poison   bool
	came     time.Time
	attempts int
	taken    bool
	over     bool // taken, or given up
}

// hash is that of the subject; 0: it has none.
func (e *simEvent) hash() uint64 {
	if e.subject == "" {
		return 0
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(e.subject))
	return h.Sum64()
}

type simAttempt struct {
	*simEvent
	ends time.Time
	o    Outcome
}

type simResults struct {
	came, taken, dead, good, goodDead int
	attempts                          int
	disorder                          int           // events that were taken before an earlier one of their subject
	longest                           time.Duration // from an event's coming to its being taken, of those that are not poison
	deadAfter                         time.Duration // the longest
	undone                            int           // at most
	drained                           time.Duration // from the end of the trouble to the last good event that came before it
	most                              int           // attempts for an event
	rate                              []int         // attempts in each second after that
	first                             []int         // and in each tenth of the first one
}

func (w *world) run(d time.Duration) simResults {
	w.open = make(map[string][]*simEvent)
	w.now = time.Unix(1_800_000_000, 0)
	w.began = w.now
	w.results.rate, w.results.first = make([]int, 60), make([]int, 10)
	w.schedule()
	for end := w.now.Add(d); w.now.Before(end); {
		w.fill()
		w.restart()
		for {
			id, attempt, ok := w.plan.Next(w.now)
			if !ok {
				break
			}
			w.begin(w.events[id], attempt)
		}
		at := end
		if wake := w.plan.Wake(); !wake.IsZero() && wake.Before(at) {
			at = wake
		}
		if len(w.attempts) > 0 && w.attempts[0].ends.Before(at) {
			at = w.attempts[0].ends
		}
		if w.next != nil && w.nextAt.Before(at) {
			at = w.nextAt
		}
		if at.After(w.now) {
			w.now = at
		}
		for len(w.attempts) > 0 && !w.attempts[0].ends.After(w.now) {
			w.end(heap.Pop((*byEnd)(&w.attempts)).(*simAttempt))
		}
		for w.next != nil && !w.nextAt.After(w.now) {
			w.unread = append(w.unread, w.next)
			w.schedule()
		}
	}
	return w.results
}

func (w *world) schedule() {
	in, subject, poison := w.coming(w)
	if in < 0 {
		w.next = nil
		return
	}
	if w.nextAt.IsZero() {
		w.nextAt = w.now
	}
	w.nextAt = w.nextAt.Add(in)
	w.next = &simEvent{id: len(w.events), subject: subject, poison: poison, came: w.nextAt}
	w.events = append(w.events, w.next)
	if subject != "" {
		w.open[subject] = append(w.open[subject], w.next)
	}
	w.results.came++
	if !poison {
		w.results.good++
	}
}

func (w *world) fill() {
	for w.plan.Wants() > 0 && len(w.unread) > 0 {
		e := w.unread[0]
		w.unread = w.unread[1:]
		w.plan.Add(ID(e.id), e.hash(), State{})
	}
	for w.plan.Full() && !w.now.Before(w.relieveAt) {
		id, ok := w.plan.Relieve()
		if !ok {
			w.relieveAt = w.now.Add(time.Second)
			break
		}
		w.bury(w.events[id])
	}
	w.results.undone = max(w.results.undone, w.plan.Len())
}

func (w *world) begin(e *simEvent, attempt int) {
	e.attempts++
	w.results.attempts++
	w.results.most = max(w.results.most, e.attempts)
	if since := w.now.Sub(w.backAt); !w.backAt.IsZero() && since < time.Minute {
		w.results.rate[int(since/time.Second)]++
		if since < time.Second {
			w.results.first[int(since/(time.Second/10))]++
		}
	}
	o, took := w.target(w, e)
	heap.Push((*byEnd)(&w.attempts), &simAttempt{e, w.now.Add(took), o})
}

func (w *world) end(a *simAttempt) {
	if w.plan.Done(ID(a.id), w.now, a.o) {
		w.bury(a.simEvent)
	}
	if !a.o.Taken {
		return
	}
	if w.trouble > 0 && w.backAt.IsZero() && w.now.Sub(w.began) >= w.trouble {
		w.backAt = w.now
	}
	w.results.taken++
	if !a.poison {
		w.results.longest = max(w.results.longest, w.now.Sub(a.came))
		if end := w.began.Add(w.trouble); w.trouble > 0 && a.came.Before(end) {
			w.results.drained = max(w.results.drained, w.now.Sub(end))
		}
	}
	a.taken, a.over = true, true
	if a.subject != "" {
		for _, e := range w.open[a.subject] {
			if e.id < a.id && !e.poison && !e.taken && !w.isAside(e) {
				w.results.disorder++
				break
			}
		}
		w.open[a.subject] = slices.DeleteFunc(w.open[a.subject], func(e *simEvent) bool { return e.taken })
	}
}

// bury has an event be a dead letter.
func (w *world) bury(e *simEvent) {
	w.results.dead++
	if !e.poison {
		w.results.goodDead++
	}
	w.results.deadAfter = max(w.results.deadAfter, w.now.Sub(e.came))
	w.plan.Forget(ID(e.id))
	e.over = true
}

// restart has the process end and begin anew, if it is time.
func (w *world) restart() {
	if w.restarts == 0 || w.now.Before(w.restartAt) {
		return
	}
	w.restartAt = w.now.Add(w.restarts)
	crash := w.random.IntN(2) == 0
	for _, a := range w.attempts {
		if !crash {
			w.plan.Done(ID(a.id), w.now, Outcome{NotMade: true})
		}
	}
	w.attempts = nil
	old := w.plan
	w.plan = New(old.settings, old.Memory(), w.random)
	for id := range w.events {
		if s, ok := old.StateOf(ID(id)); ok && w.plan.Add(ID(id), w.events[id].hash(), s) {
			w.bury(w.events[id])
		}
	}
}

func (w *world) isAside(e *simEvent) bool {
	s, _ := w.plan.StateOf(ID(e.id))
	return s.Aside
}

type byEnd []*simAttempt

func (h byEnd) Len() int { return len(h) }
func (h byEnd) Less(i, j int) bool {
	if !h[i].ends.Equal(h[j].ends) {
		return h[i].ends.Before(h[j].ends)
	}
	return h[i].id < h[j].id
}
func (h byEnd) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *byEnd) Push(x any)   { *h = append(*h, x.(*simAttempt)) }
func (h *byEnd) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}

const day = 24 * time.Hour

var (
	taken   = Outcome{Taken: true}
	refused = Outcome{Reached: true}
	failed  = Outcome{}
)

// healthy takes all but poison.
func healthy(w *world, e *simEvent) (Outcome, time.Duration) {
	if e.poison {
		return refused, 20 * time.Millisecond
	}
	return taken, 20 * time.Millisecond
}

// outage answers with o between the times.
func outage(from, to time.Duration, o Outcome) func(w *world, e *simEvent) (Outcome, time.Duration) {
	return func(w *world, e *simEvent) (Outcome, time.Duration) {
		if since := w.now.Sub(w.began); since >= from && since < to {
			return o, 5 * time.Millisecond
		}
		return healthy(w, e)
	}
}

// every has events come at a mean interval, of so many subjects.
func every(interval time.Duration, subjects int, poison func(n int) bool) func(w *world) (time.Duration, string, bool) {
	n := 0
	return func(w *world) (time.Duration, string, bool) {
		n++
		subject := ""
		if subjects > 0 {
			subject = strconv.Itoa(w.random.IntN(subjects))
		}
		return time.Duration(w.random.Int64N(2 * int64(interval))), subject, poison != nil && poison(n)
	}
}
