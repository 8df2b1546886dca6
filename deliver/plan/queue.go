package plan

import "container/heap"

// queue has events that may be tried, in an order. An event is in one of the plan's and in
// its lane's at most; slot is which of both the queue is.
type queue struct {
	events []*event
	before func(a, b *event) bool
	slot   int
}

const (
	ofPlan = iota
	ofLane
)

// byID is the order in which events came.
func byID(a, b *event) bool { return a.id < b.id }

// byDue is the order in which events are tried again.
func byDue(a, b *event) bool {
	if !a.Due.Equal(b.Due) {
		return a.Due.Before(b.Due)
	}
	return a.id < b.id
}

// offer puts an event into the plan's queue that it belongs to, unless it is in it.
func (p *Plan) offer(e *event) {
	switch {
	case e.queues[ofPlan] != nil:
	case e.Attempts == 0:
		p.fresh.add(e)
	default:
		p.tried.add(e)
	}
}

func (q *queue) add(e *event) { heap.Push(q, e) }

// leave takes the event out of a queue, if it is in one.
func (e *event) leave(slot int) {
	if q := e.queues[slot]; q != nil {
		heap.Remove(q, e.indexes[slot])
	}
}

func (q *queue) first() *event {
	if len(q.events) == 0 {
		return nil
	}
	return q.events[0]
}

func (q *queue) clear() {
	for _, e := range q.events {
		e.queues[q.slot] = nil
	}
	q.events = nil
}

// Of heap.Interface.

func (q *queue) Len() int           { return len(q.events) }
func (q *queue) Less(i, j int) bool { return q.before(q.events[i], q.events[j]) }
func (q *queue) Swap(i, j int) {
	q.events[i], q.events[j] = q.events[j], q.events[i]
	q.events[i].indexes[q.slot], q.events[j].indexes[q.slot] = i, j
}

func (q *queue) Push(x any) {
	e := x.(*event)
	e.queues[q.slot], e.indexes[q.slot] = q, len(q.events)
	q.events = append(q.events, e)
}

func (q *queue) Pop() any {
	last := len(q.events) - 1
	e := q.events[last]
	q.events[last] = nil
	q.events = q.events[:last]
	e.queues[q.slot] = nil
	return e
}
