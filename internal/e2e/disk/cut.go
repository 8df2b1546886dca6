package disk

import "math/rand/v2"

// Sector is what is written wholly or not at all, in bytes.
const Sector = 512

// Fate is what becomes of the writes that no flush had made durable when the
// power was cut.
type Fate string

// The fates.
const (
	None       Fate = "none of it"
	All        Fate = "all of it"
	First      Fate = "what was written first"
	Last       Fate = "what was written last"
	SomeWrites Fate = "some writes"
	Torn       Fate = "some sectors"
)

// Fates are all of them.
var Fates = []Fate{None, All, First, Last, SomeWrites, Torn}

// Cut is what is on the disk after its power was cut just after a moment: what
// was durable, and that fate's choice of what was written later.
func (d *Disk) Cut(moment int, fate Fate, rng *rand.Rand) *Image {
	d.mu.Lock()
	defer d.mu.Unlock()
	durable := 0 // what ended before it is
	for _, f := range d.flushes {
		if f.ended != 0 && f.ended <= moment {
			durable = max(durable, f.began)
		}
	}
	var rest []*write
	left := d.base.Clone()
	isRest := func(w *write) bool { return w.ended == 0 || w.ended > durable }
	for _, w := range d.writes {
		if w.began <= moment && isRest(w) {
			rest = append(rest, w)
		}
	}
	keeps := fate.choose(len(rest), rng)
	n := 0
	for _, w := range d.writes { // one that is durable may come after one that is not
		switch {
		case w.began > moment:
		case !isRest(w):
			left.WriteAt(w.data, w.offset)
		default:
			kept := false
			for at := 0; at < len(w.data); at += Sector {
				offset := w.offset + int64(at)
				if at == 0 || offset%pageSize == 0 || d.Whole == nil || !d.Whole(offset/pageSize) {
					kept = keeps(n)
				}
				if kept {
					left.WriteAt(w.data[at:min(at+Sector, len(w.data))], offset)
				}
			}
			n++
		}
	}
	return left
}

// choose returns what tells, for each sector of the nth of so many writes,
// whether it is there.
func (f Fate) choose(writes int, rng *rand.Rand) func(n int) bool {
	at, share := rng.IntN(writes+1), []float64{0.1, 0.5, 0.9}[rng.IntN(3)]
	torn := func(n int) bool { return n == at && rng.IntN(2) == 0 }
	kept := make([]bool, writes)
	for n := range kept {
		kept[n] = rng.Float64() < share
	}
	switch f {
	case None:
		return func(int) bool { return false }
	case All:
		return func(int) bool { return true }
	case First:
		return func(n int) bool { return n < at || torn(n) }
	case Last:
		return func(n int) bool { return n > at || torn(n) }
	case SomeWrites:
		return func(n int) bool { return kept[n] }
	default:
		return func(int) bool { return rng.Float64() < share }
	}
}
