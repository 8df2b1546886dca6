package plan

import (
	"math/rand/v2"
	"testing"
	"time"
)

// BenchmarkFull has attempts while as many events as there may be are undone: no call may
// cost much more than with a few of them.
func BenchmarkFull(b *testing.B) {
	for name, c := range map[string]struct {
		subjects int
		down     bool
		undone   int
	}{
		"few": {0, false, 10}, "no subject": {0, false, MaxUndone - 20}, "one subject": {1, false, MaxUndone - 20}, "1,000 subjects": {1000, false, MaxUndone - 20},
		"down": {0, true, MaxUndone - 20}, "down, one subject": {1, true, MaxUndone - 20},
	} {
		b.Run(name, func(b *testing.B) {
			random := rand.New(rand.NewPCG(1, 1))
			p := New(Settings{Concurrency: 8, Retry: DefaultRetry}, Memory{Taken: 1_000_000, Down: c.down}, random)
			now := time.Unix(1_800_000_000, 0)
			id := ID(0)
			subject := func() uint64 { return uint64(1+int(id)%max(1, c.subjects)) * uint64(min(1, c.subjects)) }
			for range c.undone {
				id++
				last := now.Add(-time.Duration(random.Int64N(int64(day))))
				p.Add(id, subject(), State{Attempts: 5, Reached: 5, Used: 1, Last: last, Due: last, Then: 1_000_000 - uint64(random.IntN(1000))})
			}
			b.ReportAllocs()
			b.ResetTimer()
			for i := range b.N {
				if at := p.Wake(); at.After(now) {
					now = at
				}
				tried, _, ok := p.Next(now)
				if !ok {
					b.Fatal("nothing to be tried")
				}
				o := refused
				if i%2 == 0 && !c.down {
					o = taken
				}
				if p.Done(tried, now, o) {
					p.Forget(tried)
				}
				for p.Len() < c.undone {
					id++
					p.Add(id, subject(), State{})
				}
			}
		})
	}
}
