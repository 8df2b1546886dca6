package plan

import (
	"slices"
	"time"
)

// history counts how many events have failed since another one did: each once, by when
// it failed last, and whether it was done meanwhile or not.
type history struct {
	order    []*event // in which they failed last, from 1 on; nil: done meanwhile, or failed again
	sums     []int    // over how many events the places stand for: a Fenwick tree
	total    int
	unsorted bool // there are events of an earlier plan
}

// leastPlaces is for how many failures there is room at least.
const leastPlaces = 256

// failed notes that an event has failed just now.
func (h *history) failed(e *event) {
	h.sort()
	if e.place > 0 {
		h.count(e.place, -1)
		h.order[e.place] = nil
	}
	h.append(e)
}

// restore notes an event that failed in an earlier plan.
func (h *history) restore(e *event) {
	h.append(e)
	h.unsorted = true
}

// done says that an event will not fail again. That it has still counts.
func (h *history) done(e *event) {
	if e.place > 0 {
		h.order[e.place] = nil
		e.place = 0
	}
}

// since returns how many others have failed since an event that has failed did so.
func (h *history) since(e *event) int {
	h.sort()
	n := h.total
	for i := e.place; i > 0; i -= i & -i {
		n -= h.sums[i]
	}
	return n
}

// from returns the events that failed last at that time or later, and are not done.
func (h *history) from(t time.Time) (events []*event) {
	h.sort()
	for i := len(h.order) - 1; i > 0; i-- {
		e := h.order[i]
		if e == nil {
			continue
		}
		if e.Last.Before(t) {
			break
		}
		events = append(events, e)
	}
	return events
}

func (h *history) append(e *event) {
	if len(h.order) >= len(h.sums) {
		h.compact()
	}
	e.place = len(h.order)
	h.order = append(h.order, e)
	h.count(e.place, 1)
}

func (h *history) count(place, n int) {
	h.total += n
	for ; place < len(h.sums); place += place & -place {
		h.sums[place] += n
	}
}

// sort puts the events of an earlier plan where they belong.
func (h *history) sort() {
	if !h.unsorted {
		return
	}
	h.unsorted = false
	events := slices.DeleteFunc(h.order, func(e *event) bool { return e == nil })
	slices.SortStableFunc(events, func(a, b *event) int { return a.Last.Compare(b.Last) })
	h.arrange(events, nil)
}

// compact makes room: events that are done are counted together, and those that failed
// before all others need not be counted any more.
func (h *history) compact() {
	for i := len(h.sums) - 1; i > 0; i-- { // from sums to numbers
		if above := i + i&-i; above < len(h.sums) {
			h.sums[above] -= h.sums[i]
		}
	}
	var events []*event
	var counts []int
	for i := 1; i < len(h.order); i++ {
		e, n := h.order[i], h.sums[i]
		switch last := len(events) - 1; {
		case e != nil:
			events, counts = append(events, e), append(counts, n)
		case last < 0 || n == 0:
		case events[last] == nil:
			counts[last] += n
		default:
			events, counts = append(events, nil), append(counts, n)
		}
	}
	h.arrange(events, counts)
}

// arrange has these events, or so many of those that are done; each one if there are no numbers.
func (h *history) arrange(events []*event, counts []int) {
	size := max(leastPlaces, 2*len(events)+1)
	h.order, h.sums, h.total = make([]*event, 1, size), make([]int, size), 0
	for i, e := range events {
		n := 1
		if counts != nil {
			n = counts[i]
		}
		if e != nil {
			e.place = len(h.order)
		}
		h.order = append(h.order, e)
		h.count(i+1, n)
	}
}
