package plan

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// TestManyTargets has thousands of small targets, each with an outage of its own kind and
// length, some with poison and restarts: none of an outage's events becomes a dead letter,
// all are taken soon after it, nearly in order, and what is poison is given up.
func TestManyTargets(t *testing.T) {
	targets := 2000
	if torture {
		targets = 100_000
	}
	if slow {
		targets /= 10
	}
	for seed := range targets {
		s := anyTarget(rand.New(rand.NewPCG(uint64(seed), 5)))
		s.name = fmt.Sprintf("seed %d: %s", seed, s.name)
		r, w := s.run(uint64(seed))
		s.check(t, r, w)
		late, poison := 0, 0
		for _, e := range w.events {
			switch since := w.now.Sub(e.came); {
			case e.over || since < 3*time.Hour || s.drained == 0 && since < 5*day:
			case !e.poison:
				late++
			case s.poison != nil && !s.strict && since > s.deadMax:
				poison++
			}
		}
		if late > 0 || poison > 0 {
			t.Errorf("%s: %d events are not taken, and %d that are poison not given up", s.name, late, poison)
		}
		if t.Failed() {
			t.Logf("%+v", r)
			return
		}
	}
}

func anyTarget(random *rand.Rand) *simulated {
	lengths := []time.Duration{10 * time.Second, time.Minute, 20 * time.Minute, 5 * time.Hour, 3 * day, 20 * day}
	length := lengths[random.IntN(len(lengths))]
	began := time.Duration(random.Int64N(int64(6 * time.Hour)))
	s := &simulated{
		subjects: []int{0, 1, 3, 30}[random.IntN(4)],
		trouble:  began + length, lasts: began + length + 6*time.Hour,
		most: 60 + int(2*length/time.Hour), drained: 2 * time.Hour,
	}
	kind := ""
	switch random.IntN(5) {
	case 0:
		kind, s.target = "refused", outage(began, s.trouble, refused)
		s.disorder = max(1, s.subjects)
	case 1:
		kind, s.target = "unreachable", outage(began, s.trouble, failed)
	case 2:
		kind, s.target = "held", outage(began, s.trouble, Outcome{Reached: true, Hold: time.Duration(1 + random.Int64N(int64(2*time.Hour)))})
		s.disorder = max(1, s.subjects)
	case 3:
		kind = "timeouts"
		s.disorder = max(1, s.subjects)
		s.target = func(w *world, e *simEvent) (Outcome, time.Duration) {
			if o, _ := outage(began, s.trouble, refused)(w, e); !o.Taken {
				return o, 30 * time.Second
			}
			return healthy(w, e)
		}
	default:
		kind = "flapping"
		period := max(2*time.Second, length/time.Duration(2+random.IntN(20)))
		s.target = flapping(period)
		s.disorder = 3 * max(1, s.subjects) * (1 + int(s.trouble/period))
		s.drained, s.lasts = 0, s.lasts+6*day // others are taken meanwhile: retries can be used up
	}
	if random.IntN(3) == 0 {
		s.restarts = max(time.Duration(random.Int64N(int64(2*time.Hour))), length/50, 20*time.Minute)
		s.disorder *= 2 + int(s.lasts/s.restarts)
	}
	if random.IntN(8) == 0 {
		s.strict, s.disorder = true, 0
	} else if random.IntN(3) == 0 {
		n := 20 + random.IntN(50)
		s.poison = oneIn(n)
		s.lasts += 8 * day
		s.deadMax = 8*day + 2*length
		s.most += 200
		s.disorder += 20
	}
	s.interval = max(length/50, s.lasts/400)
	s.name = fmt.Sprintf("%s for %s after %s, %d subjects, an event each %s, strict %t, poison %t, restarts %s",
		kind, length, began, s.subjects, s.interval, s.strict, s.poison != nil, s.restarts)
	return s
}
