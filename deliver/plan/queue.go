package plan

import "container/heap"

// queue has events that may be tried, in an order.
type queue struct {
	events []*event
	before func(a, b *event) bool
}

// offer puts an event into the queue that it belongs to.
func (p *Plan) offer(e *event) {
	e.queue = &p.tried
	if e.Attempts == 0 {
		e.queue = &p.fresh
	}
	heap.Push(e.queue, e)
}

// leaveQueue takes an event out of its queue, if it is in one.
func (e *event) leaveQueue() {
	if e.queue != nil {
		heap.Remove(e.queue, e.index)
	}
}

func (q *queue) first() *event {
	if len(q.events) == 0 {
		return nil
	}
	return q.events[0]
}

func (q *queue) len() int { return len(q.events) }

// Of heap.Interface.

func (q *queue) Len() int           { return len(q.events) }
func (q *queue) Less(i, j int) bool { return q.before(q.events[i], q.events[j]) }
func (q *queue) Swap(i, j int) {
	q.events[i], q.events[j] = q.events[j], q.events[i]
	q.events[i].index, q.events[j].index = i, j
}
func (q *queue) Push(x any) {
	e := x.(*event)
	e.index = len(q.events)
	q.events = append(q.events, e)
}
func (q *queue) Pop() any {
	last := len(q.events) - 1
	e := q.events[last]
	q.events[last] = nil
	q.events = q.events[:last]
	e.queue = nil
	return e
}
