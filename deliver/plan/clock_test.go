package plan

import (
	"testing"
	"time"
)

// TestClockIsSet: no retry, probe or hold waits for a clock to catch up that was set back,
// in the same process or in the next one.
func TestClockIsSet(t *testing.T) {
	for _, by := range []time.Duration{-day, -400 * day, day} {
		for _, restarted := range []bool{false, true} {
			for _, hold := range []time.Duration{0, time.Minute} {
				p := newTester(t, Settings{})
				p.warm(20)
				id := p.add('a')
				p.wantNext(id)
				p.done(id, Outcome{Reached: true, Hold: hold})
				if restarted {
					s, _ := p.StateOf(id)
					q := New(p.settings, p.Memory(), p.random)
					q.Add(id, 'a', s)
					p.Plan = q
				}
				p.now = p.now.Add(by)
				if by < 0 {
					p.wantNone()
				}
				began := p.now
				p.wait()
				if waited := p.now.Sub(began); waited > hold+DefaultRetry[0]*12/10 {
					t.Errorf("clock set by %s, restarted %t: waits for %s", by, restarted, waited)
				}
				if hold > 0 && by < 0 {
					p.wait()
				}
				p.try(id, taken)
			}
		}
	}
}

// TestHoldSurvives a restart.
func TestHoldSurvives(t *testing.T) {
	p := newTester(t, Settings{})
	p.wantNext(p.add(0))
	p.done(1, Outcome{Reached: true, Hold: 10 * time.Minute})
	p.Plan = New(p.settings, p.Memory(), p.random)
	p.add(0)
	p.wantNone()
	p.now = p.now.Add(10 * time.Minute)
	p.try(2, taken)
}

// TestInterruptedByCrash: an attempt that was counted and never ended is made again.
func TestInterruptedByCrash(t *testing.T) {
	p := newTester(t, Settings{})
	p.Plan.Add(1, 0, State{Attempts: 1})
	if p.Wake().IsZero() {
		t.Fatal("it waits for nothing")
	}
	p.wantNext(1)
}

// TestLateFailures: attempts that were begun before an outage do not put the first probe off.
func TestLateFailures(t *testing.T) {
	p := newTester(t, Settings{Concurrency: 20})
	p.warm(20)
	for range 20 {
		p.add(0)
	}
	var ids []ID
	for range 20 {
		id, _, ok := p.Next(p.now)
		if !ok {
			t.Fatal("nothing to be tried")
		}
		ids = append(ids, id)
	}
	for _, id := range ids {
		p.done(id, refused)
	}
	began := p.now
	p.wait()
	if waited := p.now.Sub(began); waited < firstProbe || waited > firstProbe*12/10 {
		t.Errorf("the first probe comes after %s", waited)
	}
}

// TestFlapping: what is always refused and brings the target down by it is not tried each
// time that it is up again.
func TestFlapping(t *testing.T) {
	p := newTester(t, Settings{})
	p.warm(20)
	attempts := make(map[ID]int)
	var bad []ID
	for range 30 {
		bad = append(bad, p.add(0))
	}
	began := p.now
	for p.now.Sub(began) < 5*time.Hour {
		id, _, ok := p.Next(p.now)
		if !ok {
			p.wait()
			p.now = p.now.Add(time.Second)
			continue
		}
		o := refused
		if attempts[id]++; id > bad[len(bad)-1] {
			o = taken
		}
		p.done(id, o)
		if p.Down() && p.fresh.Len() == 0 {
			p.add(0) // which is taken, and ends the outage
		}
	}
	for _, id := range bad {
		if n := attempts[id]; n > manyAttempts+15 {
			t.Errorf("%d attempts in five hours", n)
		}
	}
}
