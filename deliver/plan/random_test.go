package plan

import (
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"time"
)

// torture has more seeds tried, for minutes.
var torture = os.Getenv("WEBHOOK_TORTURE") != ""

// TestRandom has anything happen in any order: no event is lost, two of a subject are never
// tried at a time or out of order, concurrency and rate are kept to, and nothing gets stuck.
func TestRandom(t *testing.T) {
	seeds := 400
	if torture {
		seeds = 100_000
	}
	if slow {
		seeds /= 10
	}
	for seed := range seeds {
		r := newRandomly(t, uint64(seed))
		for range 300 {
			r.step()
			r.verify()
		}
		r.drain()
		if t.Failed() {
			return
		}
	}
}

// randomly drives a plan, and knows what must be in it.
type randomly struct {
	*testing.T
	seed     uint64
	random   *rand.Rand
	plan     *Plan
	settings Settings
	now      time.Time
	next     ID
	undone   map[ID]*randomEvent
	inFlight []ID
	begun    time.Time // the last attempt; zero after the clock was set or the rate changed
}

type randomEvent struct {
	subject uint64
	poison  bool
	dying   bool
}

func newRandomly(t *testing.T, seed uint64) *randomly {
	r := &randomly{T: t, seed: seed, random: rand.New(rand.NewPCG(seed, 7)), undone: make(map[ID]*randomEvent), now: time.Unix(1_800_000_000, 0)}
	r.settings = r.anySettings()
	r.settings.Strict = r.random.IntN(8) == 0
	r.plan = New(r.settings, Memory{}, r.random)
	return r
}

func (r *randomly) anySettings() Settings {
	s := Settings{Strict: r.settings.Strict, Concurrency: 1 + r.random.IntN(8), Retry: DefaultRetry}
	if r.random.IntN(3) == 0 {
		s.Rate = 1 + r.random.IntN(20)
	}
	if r.random.IntN(2) == 0 {
		s.Retry = DefaultRetry[:1+r.random.IntN(4)]
	}
	return s
}

func (r *randomly) fail(format string, args ...any) {
	r.Helper()
	r.Errorf("seed %d: "+format, append([]any{r.seed}, args...)...)
}

// ids returns those that are not done, in their order.
func (r *randomly) ids() (ids []ID) {
	for id := range r.undone {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

func (r *randomly) step() {
	switch n := r.random.IntN(1000); {
	case n < 250:
		for range 1 + r.random.IntN(5) {
			r.next++
			r.undone[r.next] = &randomEvent{subject: uint64(r.random.IntN(4)), poison: r.random.IntN(5) == 0}
			r.plan.Add(r.next, r.undone[r.next].subject, State{})
		}
	case n < 500:
		for r.begin() {
		}
	case n < 750:
		for range 1 + r.random.IntN(4) {
			r.end(r.random.IntN(10))
		}
	case n < 850: // what it waits for
		if at := r.plan.Wake(); at.After(r.now) {
			r.now = at
		}
	case n < 900:
		r.now = r.now.Add(time.Duration(r.random.Int64N(int64(10 * time.Minute))))
	case n < 910:
		r.now = r.now.Add([]time.Duration{-day, day, -time.Hour, time.Hour, -time.Millisecond, 1000 * day, -1000 * day}[r.random.IntN(7)])
		r.begun = time.Time{}
	case n < 925:
		r.plan.Pause()
	case n < 945:
		r.plan.Resume(r.now)
	case n < 955:
		if id, ok := r.plan.Skip(); ok {
			r.undone[id].dying = true
		}
	case n < 965 && len(r.undone) > 0:
		ids := r.ids()
		id := ids[r.random.IntN(len(ids))]
		if r.random.IntN(2) == 0 {
			r.plan.Lose(id)
			delete(r.undone, id)
			r.inFlight = slices.DeleteFunc(r.inFlight, func(other ID) bool { return other == id })
			return
		}
		r.plan.GiveUp(id)
		r.undone[id].dying = r.undone[id].dying || !slices.Contains(r.inFlight, id)
	case n < 985:
		for _, id := range r.ids() {
			if r.undone[id].dying {
				r.plan.Forget(id)
				delete(r.undone, id)
			}
		}
	case n < 990:
		r.settings = r.anySettings()
		r.plan.Set(r.settings)
		r.begun = time.Time{}
	default:
		r.restart(r.random.IntN(2) == 0)
	}
}

// restart goes on with another plan; after a crash, without the attempts in flight having ended.
func (r *randomly) restart(crash bool) {
	for len(r.inFlight) > 0 && !crash {
		r.end(-1)
	}
	r.inFlight = nil
	old, undone := r.plan, r.undone
	r.plan, r.undone, r.next = New(r.settings, old.Memory(), r.random), make(map[ID]*randomEvent), 0
	ids := make([]ID, 0, len(undone))
	for id := range undone {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		s, ok := old.StateOf(id)
		if !ok {
			r.fail("%d was lost", id)
		}
		s.Due, s.Last = s.Due.Truncate(time.Millisecond), s.Last.Truncate(time.Millisecond)
		r.next++
		r.undone[r.next] = undone[id]
		r.undone[r.next].dying = r.plan.Add(r.next, undone[id].subject, s)
	}
	r.begun = time.Time{}
}

// begin begins an attempt, if one is to be made.
func (r *randomly) begin() bool {
	down := r.plan.Down()
	id, _, ok := r.plan.Next(r.now)
	if !ok {
		return false
	}
	e := r.undone[id]
	s, _ := r.plan.StateOf(id)
	switch {
	case e == nil || e.dying:
		r.fail("%d is tried, which is done", id)
		return false
	case slices.Contains(r.inFlight, id):
		r.fail("%d is tried twice at a time", id)
	case down && len(r.inFlight) > 0:
		r.fail("a probe while others are tried")
	case len(r.inFlight) >= r.settings.Concurrency || r.settings.Strict && len(r.inFlight) > 0:
		r.fail("more at a time than %d", r.settings.Concurrency)
	case r.plan.Paused() || r.now.Before(r.plan.HeldUntil()):
		r.fail("tried while it is held")
	case r.settings.Rate > 0 && !r.begun.IsZero() && r.now.Sub(r.begun) < time.Second/time.Duration(r.settings.Rate):
		r.fail("%s after another one, at %d a second", r.now.Sub(r.begun), r.settings.Rate)
	}
	if r.begun = r.now; r.settings.Rate == 0 {
		r.begun = time.Time{}
	}
	if !s.Aside && (e.subject != 0 || r.settings.Strict) {
		r.inOrder(id, e)
	}
	r.inFlight = append(r.inFlight, id)
	return true
}

// inOrder has an event be the next one of its subject, or those before it have been refused.
func (r *randomly) inOrder(id ID, e *randomEvent) {
	first := true
	for _, other := range r.ids() {
		s, _ := r.plan.StateOf(other)
		o := r.undone[other]
		if o.dying || s.Aside || o.subject != e.subject && !r.settings.Strict {
			continue
		}
		if other != id && slices.Contains(r.inFlight, other) {
			r.fail("%d is tried beside %d of the same subject", id, other)
		}
		if other < id && (r.settings.Strict || s.Reached == 0 || first && s.Reached < manyRefusals) {
			r.fail("%d is tried before %d of the same subject", id, other)
		}
		first = false
	}
}

// end has an attempt end; how is a number.
func (r *randomly) end(how int) {
	if len(r.inFlight) == 0 {
		return
	}
	i := r.random.IntN(len(r.inFlight))
	id := r.inFlight[i]
	r.inFlight = slices.Delete(r.inFlight, i, i+1)
	e := r.undone[id]
	var o Outcome
	switch {
	case how < 0:
		o.NotMade = true
	case how == 0:
		o = failed
	case how == 1 && r.random.IntN(4) == 0:
		o = Outcome{Reached: true, Hold: time.Duration(r.random.Int64N(int64(3*time.Hour))) - time.Hour}
	case how == 2 && r.random.IntN(4) == 0:
		o.NotMade = true
	case how < 5 || e.poison:
		o = refused
	default:
		o = taken
	}
	dead := r.plan.Done(id, r.now, o)
	if dead && (o.Taken || o.NotMade || r.settings.Strict) {
		r.fail("%d was given up after %+v", id, o)
	}
	if e.dying = dead; o.Taken {
		delete(r.undone, id)
	}
}

// verify has the plan's parts fit together.
func (r *randomly) verify() {
	p := r.plan
	if p.Len() != len(r.undone) || p.inFlight != len(r.inFlight) {
		r.fail("%d undone and %d tried, want %d and %d", p.Len(), p.inFlight, len(r.undone), len(r.inFlight))
	}
	open, ready := 0, 0
	for id, e := range p.events {
		if e.queues[ofPlan] != nil {
			ready++
		}
		switch l := e.lane; {
		case e.inFlight || e.dying:
			if e.queues != [2]*queue{} {
				r.fail("%d is in a queue", id)
			}
		case l == nil:
			if e.queues[ofPlan] == nil {
				r.fail("%d is in no queue", id)
			}
		case l.events[l.indexOf(e)] != e || e.open != (l.indexOf(e) < l.open):
			r.fail("%d is not where it belongs", id)
		case e.open && e.Attempts > 0 && e.queues[ofLane] == nil:
			r.fail("%d is not in its lane's queue", id)
		}
		if e.Last.IsZero() != (e.place == 0) || e.place > 0 && p.history.order[e.place] != e {
			r.fail("%d is not in the history", id)
		}
	}
	for _, l := range p.lanes {
		if l.open > 0 {
			open++
		}
		if !l.busy && (l.open == 0 || l.events[0].queues[ofPlan] == nil && l.tried.first() == nil) {
			r.fail("a subject waits for nothing")
		}
		for i := range max(0, l.open-1) {
			if !l.passes(i) {
				r.fail("a subject's event is tried too early")
			}
		}
	}
	if ready != p.fresh.Len()+p.tried.Len() {
		r.fail("%d are in queues, which have %d", ready, p.fresh.Len()+p.tried.Len())
	}
	alive := 0
	for _, e := range r.undone {
		if !e.dying {
			alive++
		}
	}
	if alive > 0 && len(r.inFlight) == 0 && !p.Paused() && p.Wake().IsZero() {
		r.fail("%d are undone, and it waits for nothing", alive)
	}
}

// drain has the target take all from now on, which must come to an end soon.
func (r *randomly) drain() {
	if r.plan.Paused() {
		r.plan.Resume(r.now)
	}
	for _, e := range r.undone {
		e.poison = false
	}
	began, slept := r.now, time.Duration(0)
	for rounds := 0; ; rounds++ {
		for r.begin() {
		}
		for len(r.inFlight) > 0 {
			r.end(9)
		}
		r.verify()
		at := r.plan.Wake()
		if at.IsZero() || r.Failed() {
			break
		}
		if at.After(r.now) {
			r.now = at
		}
		if slept = r.now.Sub(began); rounds > 10_000 || slept > 30*time.Hour {
			r.fail("%d are undone after %s", len(r.undone), slept)
			return
		}
	}
	for id, e := range r.undone {
		if !e.dying {
			r.fail("%d is not done", id)
		}
	}
}

// TestHistory has the numbers that counting by hand has.
func TestHistory(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	var h history
	events := make([]*event, 40)
	last := make(map[*event]int) // when it failed; those that are done, too
	n := 0
	replace := func(i int) {
		if events[i] != nil {
			h.done(events[i])
		}
		events[i] = &event{id: ID(n)}
	}
	for n = 1; n < 20_000; n++ {
		i := random.IntN(len(events))
		if events[i] == nil || random.IntN(20) == 0 {
			replace(i)
		}
		e := events[i]
		if e.place > 0 {
			want := 0
			for _, at := range last {
				if at > last[e] {
					want++
				}
			}
			if got := h.since(e); got != want {
				t.Fatalf("%d have failed since, want %d", got, want)
			}
		}
		last[e] = n
		h.failed(e)
		if n%1000 == 0 { // what nobody asks for any more
			oldest := n
			for _, e := range events {
				if e.place > 0 {
					oldest = min(oldest, last[e])
				}
			}
			for e, at := range last {
				if at < oldest {
					delete(last, e)
				}
			}
		}
	}
	if len(h.order) > 2*leastPlaces {
		t.Errorf("it has grown to %d", len(h.order))
	}
}
