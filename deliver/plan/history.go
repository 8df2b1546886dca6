package plan

// history has the undone events that have failed, by when they did so last.
type history struct{ last *event }

func (h *history) add(e *event) {
	before := h.last
	var after *event
	for before != nil && before.Last.After(e.Last) { // only of those that an earlier plan had
		before, after = before.before, before
	}
	e.before, e.after = before, after
	if before != nil {
		before.after = e
	}
	if after != nil {
		after.before = e
	} else {
		h.last = e
	}
}

func (h *history) remove(e *event) {
	if e.before != nil {
		e.before.after = e.after
	}
	if e.after != nil {
		e.after.before = e.before
	} else {
		h.last = e.before
	}
	e.before, e.after = nil, nil
}

// since returns how many others have failed since the event's last attempt; it counts
// up to the limit.
func (h *history) since(e *event, limit uint64) (n uint64) {
	for other := h.last; other != nil && other != e && n < limit; other = other.before {
		n++
	}
	return n
}
