package plan

import (
	"math/rand/v2"
	"testing"
	"time"
)

// tester drives a plan by hand.
type tester struct {
	*testing.T
	*Plan
	now  time.Time
	next ID
}

func newTester(t *testing.T, s Settings) *tester {
	if s.Concurrency == 0 {
		s.Concurrency = 8
	}
	if s.Retry == nil {
		s.Retry = DefaultRetry
	}
	return &tester{T: t, Plan: New(s, Memory{}, rand.New(rand.NewPCG(1, 1))), now: time.Unix(1_800_000_000, 0)}
}

// add adds an event, and returns its id.
func (t *tester) add(subject uint64) ID {
	t.next++
	if t.Add(t.next, subject, State{}) {
		t.Fatal("given up before it was tried")
	}
	return t.next
}

// wantNext begins the attempt that is to be the next one.
func (t *tester) wantNext(want ID) {
	t.Helper()
	if got, _, ok := t.Next(t.now); !ok || got != want {
		t.Fatalf("next is %d (%t), want %d", got, ok, want)
	}
}

// wantNone wants no attempt to be made now.
func (t *tester) wantNone() {
	t.Helper()
	if got, _, ok := t.Next(t.now); ok {
		t.Fatalf("next is %d, want none", got)
	}
}

func (t *tester) done(id ID, o Outcome) (dead bool) { return t.Done(id, t.now, o) }

// try has the next attempt, of that event, end with that outcome.
func (t *tester) try(id ID, o Outcome) {
	t.Helper()
	t.wantNext(id)
	if t.done(id, o) {
		t.Fatalf("%d was given up", id)
	}
}

// wait waits until the plan wants to be asked again.
func (t *tester) wait() {
	t.Helper()
	at := t.Wake()
	if at.IsZero() {
		t.Fatal("the plan waits for nothing")
	}
	if at.After(t.now) {
		t.now = at
	}
}

// warm has the plan take so many events, so that it has its full concurrency.
func (t *tester) warm(n int) {
	t.Helper()
	for range n {
		t.try(t.add(0), taken)
	}
}

func TestConcurrency(t *testing.T) {
	p := newTester(t, Settings{Concurrency: 3})
	for range 10 {
		p.add(0)
	}
	p.wantNext(1)
	p.wantNext(2)
	p.wantNext(3)
	p.wantNone()
	p.done(2, taken)
	p.wantNext(4)
	p.wantNone()
}

// After an outage one is tried, then two, and so on.
func TestConcurrencyGrows(t *testing.T) {
	p := newTester(t, Settings{Concurrency: 3})
	for range 20 {
		p.add(0)
	}
	for id := range ID(downAfter) {
		p.try(id+1, refused)
	}
	p.wait() // for a probe
	for _, want := range []int{1, 1, 2, 3, 3} {
		var began []ID
		for id, _, ok := p.Next(p.now); ok; id, _, ok = p.Next(p.now) {
			began = append(began, id)
		}
		if len(began) != want {
			t.Errorf("%d attempts at a time, want %d", len(began), want)
		}
		for _, id := range began {
			p.done(id, taken)
		}
	}
}

func TestRetries(t *testing.T) {
	p := newTester(t, Settings{})
	p.warm(20)
	bad := p.add(0)
	p.try(bad, refused)
	for i, wait := range DefaultRetry {
		p.warm(1)
		p.wantNone()
		began := p.now
		p.wait()
		if waited := p.now.Sub(began); waited < wait*8/10 || waited > wait*12/10 {
			t.Errorf("retry %d after %s, want %s and a fifth more or less", i+1, waited, wait)
		}
		id, attempt, ok := p.Next(p.now)
		if !ok || id != bad || attempt != i+2 {
			t.Fatalf("attempt %d of %d (%t)", attempt, id, ok)
		}
		if dead := p.done(bad, refused); dead != (i == len(DefaultRetry)-1) {
			t.Fatalf("after attempt %d: given up %t", attempt, dead)
		}
	}
	if p.Len() != 1 {
		t.Error("it was forgotten before it was buried")
	}
	p.Forget(bad)
	if p.Len() != 0 {
		t.Error("it is not forgotten")
	}
}

// TestNoRetryIsUsedUp while nothing else is taken, or more fails than that.
func TestNoRetryIsUsedUp(t *testing.T) {
	for others, uses := range map[string]bool{"": false, "t": true, "f": false, "tf": true, "ft": true, "tff": false, "ttff": true} {
		p := newTester(t, Settings{})
		p.warm(20)
		bad := p.add(0)
		p.try(bad, refused)
		for _, o := range others {
			id := p.add(0)
			if o == 't' {
				p.try(id, taken)
			} else {
				p.try(id, refused)
				p.events[id].Due = p.now.Add(time.Hour) // out of the way
				p.events[id].leave(ofPlan)
			}
		}
		p.wait()
		p.try(bad, refused)
		if s, _ := p.StateOf(bad); (s.Used == 1) != uses {
			t.Errorf("after %q: %d retries used up", others, s.Used)
		}
	}
}

func TestSubjects(t *testing.T) {
	p := newTester(t, Settings{})
	p.warm(20)
	a1, b1, a2, b2, none := p.add('a'), p.add('b'), p.add('a'), p.add('b'), p.add(0)
	p.wantNext(a1)
	p.wantNext(b1)
	p.wantNext(none)
	p.wantNone() // one of a subject at a time
	p.done(b1, taken)
	p.wantNext(b2)
	p.done(a1, refused)
	p.wantNone() // a2 waits for a1
	p.done(b2, taken)
	p.done(none, taken)
	p.wait()
	p.try(a1, refused)
	p.warm(1)
	p.wait()
	p.try(a1, refused)
	p.try(a2, taken) // after the third refusal
	a3 := p.add('a')
	p.try(a1, refused) // once more, as the target may have come back just then
	p.try(a3, taken)   // it is aside
	if s, _ := p.StateOf(a1); !s.Aside {
		t.Error("the first was not set aside")
	}
	p.wantNone()
}

// TestOutageKeepsOrder: what was not taken in an outage is tried in its order, except for
// the one that found out that it was over.
func TestOutageKeepsOrder(t *testing.T) {
	p := newTester(t, Settings{})
	p.warm(20)
	var ids []ID
	for range 6 {
		ids = append(ids, p.add('a'))
	}
	for range 10 { // of the first, and then of the others
		if id, _, ok := p.Next(p.now); ok {
			p.done(id, refused)
		}
		p.wait()
	}
	if !p.Down() {
		t.Fatal("not down")
	}
	var order []ID
	for len(order) < len(ids) {
		if id, _, ok := p.Next(p.now); ok {
			order = append(order, id)
			p.done(id, taken)
			continue
		}
		p.wait()
	}
	ahead := 0
	for i := 1; i < len(order); i++ {
		if order[i] < order[i-1] {
			ahead++
		}
	}
	if ahead > 1 {
		t.Errorf("taken in the order %v", order)
	}
}

// TestAfterOutage: what was refused in an outage holds up the next one of its subject again.
func TestAfterOutage(t *testing.T) {
	p := newTester(t, Settings{})
	first := p.add('a')
	for range 5 {
		p.try(first, refused)
		p.wait()
	}
	p.try(p.add(0), taken)
	second := p.add('a')
	p.wantNext(first)
	p.wantNone()
	p.done(first, taken)
	p.try(second, taken)
}

// TestSuspectOutOfReach: one that is tried once more and does not get to the target holds up nobody.
func TestSuspectOutOfReach(t *testing.T) {
	p := newTester(t, Settings{})
	p.warm(20)
	first := p.add('a')
	for range 3 {
		p.try(first, refused)
		p.wait()
		p.warm(1)
	}
	p.try(first, refused)
	p.try(p.add('a'), taken)
	p.try(first, failed)
	p.try(p.add('a'), taken)
}

// TestUnreachableKeepsOrder: what did not get to the target says nothing about an event.
func TestUnreachableKeepsOrder(t *testing.T) {
	p := newTester(t, Settings{})
	p.warm(20)
	first, second := p.add('a'), p.add('a')
	for range 20 {
		p.try(first, failed)
		p.wait()
	}
	p.try(first, taken)
	p.try(second, taken)
}

func TestStrict(t *testing.T) {
	p := newTester(t, Settings{Strict: true, Concurrency: 8})
	first, second := p.add(0), p.add('b')
	for range 50 {
		p.try(first, refused)
		p.wantNone()
		p.wait()
	}
	if id, ok := p.Skip(); !ok || id != first {
		t.Fatalf("skipped %d (%t)", id, ok)
	}
	p.Forget(first)
	p.wait()
	p.try(second, taken)
}

func TestBreaker(t *testing.T) {
	p := newTester(t, Settings{})
	p.warm(20)
	var ids []ID
	for range 30 {
		ids = append(ids, p.add(0))
	}
	for i := range 5 {
		if p.Down() {
			t.Fatalf("down after %d", i)
		}
		p.try(ids[i], refused)
	}
	if !p.Down() {
		t.Fatal("not down after five")
	}
	wait := time.Second
	for _, id := range ids[5:20] {
		p.wantNone()
		began := p.now
		p.wait()
		if waited := p.now.Sub(began); waited < wait*8/10 || waited > wait*12/10 {
			t.Fatalf("probe after %s, want %s", waited, wait)
		}
		p.wantNext(id) // one that was never tried
		p.wantNone()   // and one at a time
		p.done(id, refused)
		wait = min(2*wait, time.Minute)
	}
	p.wait()
	p.try(ids[20], taken)
	if p.Down() {
		t.Error("down after a success")
	}
	begun := make(map[ID]bool)
	for range 2 { // those that nothing speaks against, by turns with the others
		id, _, _ := p.Next(p.now)
		begun[id] = true
		p.done(id, taken)
	}
	if !begun[ids[0]] || !begun[ids[21]] {
		t.Errorf("after the outage %v are tried", begun)
	}
	for range 2 {
		if _, _, ok := p.Next(p.now); !ok {
			t.Fatal("the concurrency does not grow")
		}
	}
}

// TestOneCulprit: what fails for one event only does not keep a new one waiting.
func TestOneCulprit(t *testing.T) {
	p := newTester(t, Settings{})
	bad := p.add(0)
	for range 12 {
		p.try(bad, refused)
		p.wait()
	}
	p.try(bad, refused)
	if !p.Down() {
		t.Fatal("not down")
	}
	p.wantNone()
	p.try(p.add(0), taken)
}

// TestSameEventIsProbedHourly after it was tried ten times.
func TestSameEventIsProbedHourly(t *testing.T) {
	p := newTester(t, Settings{})
	bad := p.add(0)
	var last time.Time
	for attempt := 1; attempt <= 30; attempt++ {
		if waited := p.now.Sub(last); attempt > 11 && (waited < time.Hour || waited > 80*time.Minute) {
			t.Fatalf("attempt %d after %s", attempt, waited)
		}
		last = p.now
		p.try(bad, refused)
		p.wait()
	}
	p.Resume(p.now) // at once
	p.try(bad, taken)
}

func TestHold(t *testing.T) {
	p := newTester(t, Settings{})
	p.warm(20)
	a, b := p.add(0), p.add(0)
	p.wantNext(a)
	p.done(a, Outcome{Reached: true, Hold: 10 * time.Minute})
	p.wantNone()
	began := p.now
	p.wait()
	if waited := p.now.Sub(began); waited != 10*time.Minute {
		t.Errorf("held for %s", waited)
	}
	p.try(b, taken) // before the one that was told to wait
	p.wantNone()
	c := p.add(0)
	p.wantNext(c)
	p.done(c, Outcome{Reached: true, Hold: 10 * time.Hour})
	began = p.now
	p.add(0)
	p.wait()
	if waited := p.now.Sub(began); waited != MaxHold {
		t.Errorf("held for %s", waited)
	}
}

func TestRate(t *testing.T) {
	p := newTester(t, Settings{Rate: 10})
	for range 100 {
		p.add(0)
	}
	began := p.now
	for range 50 {
		id, _, ok := p.Next(p.now)
		if !ok {
			p.wait()
			id, _, ok = p.Next(p.now)
		}
		if !ok {
			t.Fatal("nothing after the wait")
		}
		p.done(id, taken)
	}
	if took := p.now.Sub(began); took != 4900*time.Millisecond {
		t.Errorf("50 took %s at 10 a second", took)
	}
}

func TestPause(t *testing.T) {
	p := newTester(t, Settings{})
	id := p.add(0)
	p.Pause()
	p.wantNone()
	if !p.Wake().IsZero() || !p.Memory().Paused {
		t.Error("it waits for something, or does not remember")
	}
	p.Resume(p.now)
	p.try(id, taken)
}

// TestNotMade: an attempt that was cancelled does not count.
func TestNotMade(t *testing.T) {
	p := newTester(t, Settings{})
	id := p.add('a')
	p.wantNext(id)
	p.done(id, Outcome{NotMade: true})
	if got, attempt, ok := p.Next(p.now); !ok || got != id || attempt != 1 {
		t.Errorf("attempt %d of %d (%t)", attempt, got, ok)
	}
}

// TestRestart: a plan goes on from what another one remembered.
func TestRestart(t *testing.T) {
	p := newTester(t, Settings{})
	p.warm(20)
	a := p.add('a')
	for range 5 {
		p.try(a, refused)
		p.now = p.now.Add(time.Minute)
	}
	b := p.add('a')
	q := newTester(t, Settings{})
	q.Plan = New(p.settings, p.Memory(), p.random)
	for _, id := range []ID{a, b} {
		s, _ := p.StateOf(id)
		q.Add(id, 'a', s)
	}
	q.now, q.next = p.now, p.next
	if !q.Down() {
		t.Error("it does not remember that the target is down")
	}
	q.try(b, taken) // which was due: the first had been refused three times
	q.try(a, refused)
	if s, _ := q.StateOf(a); s.Attempts != 6 || s.Used != 1 || !s.Aside {
		t.Errorf("%+v", s)
	}

	// With fewer retries what has used up as many is given up.
	s, _ := q.StateOf(a)
	if !New(Settings{Concurrency: 1, Retry: DefaultRetry[:1]}, q.Memory(), p.random).Add(a, 'a', s) {
		t.Error("it was not given up")
	}
}

// TestFull: no more than a number of events are undone. Those that were refused while many
// others were taken make room; in an outage there are none.
func TestFull(t *testing.T) {
	p := newTester(t, Settings{})
	p.taken = 1000
	later := p.now.Add(time.Hour)
	p.Plan.Add(500_001, 0, State{Attempts: 12, Used: 3, Last: p.now, Due: later, First: 100, Then: 300})
	p.Plan.Add(500_002, 0, State{Attempts: 12, Used: 3, Last: p.now, Due: later, First: 100, Then: 199}) // too few beside it
	p.Plan.Add(500_003, 0, State{Attempts: 12, Used: 2, Last: p.now, Due: later, First: 100, Then: 300})
	if _, ok := p.Relieve(); ok {
		t.Error("gave up an event though there was room")
	}
	for !p.Full() {
		p.Plan.Add(ID(1_000_000+p.Len()), 0, State{})
	}
	if p.Wants() != 0 {
		t.Error("it wants more")
	}
	if id, ok := p.Relieve(); !ok || id != 500_001 {
		t.Fatalf("gave up %d (%t)", id, ok)
	}
	p.Forget(500_001)
	p.Plan.Add(2_000_000, 0, State{})
	if id, ok := p.Relieve(); ok {
		t.Errorf("gave up %d", id)
	}
}
