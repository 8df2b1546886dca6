package plan

import (
	"container/heap"
	"fmt"
	"hash/maphash"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// world is a target, and events that come, in a time of its own.
var seed = maphash.MakeSeed()

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
	perMinute                         int           // attempts at most, after the first minute
	minutes                           map[int]int
}

func (w *world) run(d time.Duration) simResults {
	w.results.minutes = make(map[int]int)
	w.open = make(map[string][]*simEvent)
	w.now = time.Unix(1_800_000_000, 0)
	w.began = w.now
	w.schedule()
	for end := w.now.Add(d); w.now.Before(end); {
		w.fill()
		if os.Getenv("TRACE") != "" && w.results.attempts%1000 == 0 {
			fmt.Println(w.now.Sub(w.began), w.plan.Len(), w.plan.fresh.Len(), w.plan.tried.Len(), w.plan.breaker, len(w.unread), w.results)
		}
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
	for _, n := range w.results.minutes {
		w.results.perMinute = max(w.results.perMinute, n)
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
		w.plan.Add(ID(e.id), maphash.String(seed, e.subject)*min(1, uint64(len(e.subject))), State{})
	}
	if id, ok := w.plan.Relieve(); ok {
		w.results.dead++
		w.plan.Forget(id)
	}
	w.results.undone = max(w.results.undone, w.plan.Len())
}

func (w *world) begin(e *simEvent, attempt int) {
	e.attempts++
	w.results.attempts++
	if minute := int(w.now.Sub(w.began) / time.Minute); minute > 0 {
		w.results.minutes[minute]++
	}
	o, took := w.target(w, e)
	heap.Push((*byEnd)(&w.attempts), &simAttempt{e, w.now.Add(took), o})
}

func (w *world) end(a *simAttempt) {
	if w.plan.Done(ID(a.id), w.now, a.o) {
		w.results.dead++
		if !a.poison {
			w.results.goodDead++
		}
		w.results.deadAfter = max(w.results.deadAfter, w.now.Sub(a.came))
		w.plan.Forget(ID(a.id))
	}
	if !a.o.Taken {
		return
	}
	w.results.taken++
	if !a.poison {
		w.results.longest = max(w.results.longest, w.now.Sub(a.came))
	}
	a.taken = true
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

func (w *world) isAside(e *simEvent) bool {
	s, _ := w.plan.StateOf(ID(e.id))
	return s.Aside
}

type byEnd []*simAttempt

func (h byEnd) Len() int           { return len(h) }
func (h byEnd) Less(i, j int) bool { return h[i].ends.Before(h[j].ends) }
func (h byEnd) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *byEnd) Push(x any)        { *h = append(*h, x.(*simAttempt)) }
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
			subject = fmt.Sprint(w.random.IntN(subjects))
		}
		return time.Duration(w.random.ExpFloat64() * float64(interval)), subject, poison != nil && poison(n)
	}
}

var scenarios = []struct {
	name   string
	coming func() func(w *world) (time.Duration, string, bool)
	target func(w *world, e *simEvent) (Outcome, time.Duration)
	strict bool
	lasts  time.Duration
	check  func(t *testing.T, r simResults)
}{
	{name: "healthy, 1 event/s", lasts: day,
		coming: func() func(w *world) (time.Duration, string, bool) { return every(time.Second, 100, nil) }, target: healthy},
	{name: "one poison event in 1,000, 100 subjects", lasts: 10 * day,
		coming: func() func(w *world) (time.Duration, string, bool) {
			return every(10*time.Second, 100, func(n int) bool { return n%1000 == 0 })
		}, target: healthy},
	{name: "one event a day, all poison but every second", lasts: 90 * day,
		coming: func() func(w *world) (time.Duration, string, bool) {
			return every(day, 0, func(n int) bool { return n%2 == 0 })
		}, target: healthy},
	{name: "one poison event a day, and ten others", lasts: 90 * day,
		coming: func() func(w *world) (time.Duration, string, bool) {
			return every(day/11, 0, func(n int) bool { return n%11 == 0 })
		}, target: healthy},
	{name: "one poison event a day, and 100 others", lasts: 90 * day,
		coming: func() func(w *world) (time.Duration, string, bool) {
			return every(day/101, 0, func(n int) bool { return n%101 == 0 })
		}, target: healthy},
	{name: "one poison event a day, and 1,000 others", lasts: 90 * day,
		coming: func() func(w *world) (time.Duration, string, bool) {
			return every(day/1001, 0, func(n int) bool { return n%1001 == 0 })
		}, target: healthy},
	{name: "five poison events in a row of the one subject, 1 event/min", lasts: 10 * day,
		coming: func() func(w *world) (time.Duration, string, bool) {
			return every(time.Minute, 1, func(n int) bool { return n > 1000 && n <= 1005 })
		}, target: healthy},
	{name: "one subject, poison 1 in 100", lasts: 10 * day,
		coming: func() func(w *world) (time.Duration, string, bool) {
			return every(time.Minute, 1, func(n int) bool { return n%100 == 0 })
		}, target: healthy},
	{name: "401 to all for four weeks", lasts: 35 * day,
		coming: func() func(w *world) (time.Duration, string, bool) { return every(10*time.Minute, 50, nil) }, target: outage(day, 29*day, refused)},
	{name: "connection refused for four weeks", lasts: 35 * day,
		coming: func() func(w *world) (time.Duration, string, bool) { return every(10*time.Minute, 50, nil) }, target: outage(day, 29*day, failed)},
	{name: "500 to all for 6 h, one subject", lasts: 3 * day,
		coming: func() func(w *world) (time.Duration, string, bool) { return every(10*time.Second, 1, nil) }, target: outage(day, day+6*time.Hour, refused)},
	{name: "connection refused for 6 h, one subject", lasts: 3 * day,
		coming: func() func(w *world) (time.Duration, string, bool) { return every(10*time.Second, 1, nil) }, target: outage(day, day+6*time.Hour, failed)},
	{name: "500 to all for 6 h, strict", lasts: 3 * day, strict: true,
		coming: func() func(w *world) (time.Duration, string, bool) { return every(10*time.Second, 10, nil) }, target: outage(day, day+6*time.Hour, refused)},
	{name: "a fifth fails", lasts: 5 * day,
		coming: func() func(w *world) (time.Duration, string, bool) { return every(time.Second, 100, nil) },
		target: func(w *world, e *simEvent) (Outcome, time.Duration) {
			if w.random.IntN(5) == 0 {
				return refused, 20 * time.Millisecond
			}
			return healthy(w, e)
		}},
	{name: "60 % fail", lasts: 5 * day,
		coming: func() func(w *world) (time.Duration, string, bool) { return every(10*time.Second, 100, nil) },
		target: func(w *world, e *simEvent) (Outcome, time.Duration) {
			if w.random.IntN(10) < 6 {
				return refused, 20 * time.Millisecond
			}
			return healthy(w, e)
		}},
	{name: "429 for a minute when over 5/s", lasts: day,
		coming: func() func(w *world) (time.Duration, string, bool) { return every(time.Second, 100, nil) },
		target: func(w *world, e *simEvent) (Outcome, time.Duration) {
			if w.random.IntN(1000) == 0 {
				return Outcome{Reached: true, Hold: time.Minute}, 5 * time.Millisecond
			}
			return healthy(w, e)
		}},
	{name: "one event is answered 429 always", lasts: 10 * day,
		coming: func() func(w *world) (time.Duration, string, bool) {
			return every(10*time.Second, 100, func(n int) bool { return n == 1000 })
		},
		target: func(w *world, e *simEvent) (Outcome, time.Duration) {
			if e.poison {
				return Outcome{Reached: true, Hold: time.Minute}, 5 * time.Millisecond
			}
			return healthy(w, e)
		}},
	{name: "half of the attempts time out after 30 s", lasts: 2 * day,
		coming: func() func(w *world) (time.Duration, string, bool) { return every(10*time.Second, 100, nil) },
		target: func(w *world, e *simEvent) (Outcome, time.Duration) {
			if w.random.IntN(2) == 0 {
				return refused, 30 * time.Second
			}
			return healthy(w, e)
		}},
	{name: "one type, 10 %, is always refused", lasts: 30 * day,
		coming: func() func(w *world) (time.Duration, string, bool) {
			return every(10*time.Second, 0, func(n int) bool { return n%10 == 0 })
		}, target: healthy},
	{name: "one subject of 100 is always refused", lasts: 30 * day,
		coming: func() func(w *world) (time.Duration, string, bool) { return every(10*time.Second, 100, nil) },
		target: func(w *world, e *simEvent) (Outcome, time.Duration) {
			if e.subject == "7" {
				return refused, 20 * time.Millisecond
			}
			return healthy(w, e)
		}},
	{name: "one type, 1 %, is always refused", lasts: 30 * day,
		coming: func() func(w *world) (time.Duration, string, bool) {
			return every(10*time.Second, 0, func(n int) bool { return n%100 == 0 })
		}, target: healthy},
}

func TestSimulation(t *testing.T) {
	for _, s := range scenarios {
		if only := os.Getenv("ONLY"); !strings.Contains(s.name, only) {
			continue
		}
		began := time.Now()
		random := rand.New(rand.NewPCG(1, 2))
		w := &world{random: random, target: s.target, coming: s.coming(),
			plan: New(Settings{Strict: s.strict, Concurrency: 8, Retry: DefaultRetry}, Memory{}, random)}
		r := w.run(s.lasts)
		if w.plan.Wake().IsZero() && w.plan.Len() > 0 && w.plan.inFlight == 0 {
			t.Errorf("stuck: fresh %d tried %d of %d", w.plan.fresh.Len(), w.plan.tried.Len(), w.plan.Len())
			for _, e := range w.plan.events {
				t.Logf("%+v lane %v", e.State, e.lane != nil && e.lane.busy)
			}
		}
		t.Logf("%-60s came %6d taken %6d dead %4d (good %d) attempts %6d disorder %4d longest %-16s dead after %-16s undone %5d left %5d max/min %d [%s]", s.name, r.came, r.taken, r.dead, r.goodDead, r.attempts,
			r.disorder, r.longest.Round(time.Second), r.deadAfter.Round(time.Second), r.undone, w.plan.Len(), r.perMinute, time.Since(began).Round(time.Millisecond))
	}
}
