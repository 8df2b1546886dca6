package status

import (
	"sync"
	"time"
)

// Sampler lets the first few of each kind pass in each interval, so that many of
// one kind hide none of another.
type Sampler struct {
	First int
	Per   time.Duration

	mu    sync.Mutex
	kinds map[string]*sample
}

// sample is what a sampler knows of one kind.
type sample struct {
	until  time.Time
	passed int
	held   uint64
}

// Pass tells whether one of the kind passes, and how many have not since the last
// one that did.
func (s *Sampler) Pass(kind string, now time.Time) (passes bool, held uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.kinds == nil {
		s.kinds = map[string]*sample{"": {}}
	}
	k := s.kinds[kind]
	switch {
	case k != nil:
	case len(s.kinds) > maxReasons:
		k = s.kinds[""]
	default:
		k = new(sample)
		s.kinds[kind] = k
	}
	if !now.Before(k.until) {
		k.until, k.passed = now.Add(s.Per), 0
	}
	if k.passed >= s.First {
		k.held++
		return false, 0
	}
	k.passed++
	held, k.held = k.held, 0
	return true, held
}

// Pacer says something at most once in each interval, and when an interval in which
// there was more is over, for how many in it.
type Pacer struct {
	Per time.Duration

	mu    sync.Mutex
	until time.Time
	held  uint64
	say   func(count uint64) // the last one
}

// Say has it said, now or later, with how many it counts for, and tells which. Nil
// stands for the last one.
func (p *Pacer) Say(now time.Time, say func(count uint64)) (said bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if say != nil {
		p.say = say
	}
	if p.held == 0 && !now.Before(p.until) && p.say != nil {
		p.until = now.Add(p.Per)
		p.say(1)
		return true
	}
	if p.held == 0 {
		time.AfterFunc(p.until.Sub(now), p.flush)
	}
	p.held++
	return false
}

func (p *Pacer) flush() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.say != nil {
		p.say(p.held)
	}
	p.held, p.until = 0, time.Now().Add(p.Per)
}
