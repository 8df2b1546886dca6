package dedupe

// remembered is a key, and when its event was stored.
type remembered struct {
	key Key
	at  moment
}

// queue is a queue in chunks, so that it grows and shrinks without being copied.
type queue struct {
	chunks [][]remembered // none is empty, and only the last one has room
	begin  int            // of the first chunk
	n      int
}

const chunkSize = 4096

func (q *queue) len() int { return q.n }

// first returns what was pushed before all others.
func (q *queue) first() remembered { return q.chunks[0][q.begin] }

func (q *queue) push(r remembered) {
	last := len(q.chunks) - 1
	if last < 0 || len(q.chunks[last]) == cap(q.chunks[last]) {
		size := chunkSize
		if last < 0 {
			size = 16 // most receivers have few
		}
		q.chunks = append(q.chunks, make([]remembered, 0, size))
		last++
	}
	q.chunks[last] = append(q.chunks[last], r)
	q.n++
}

func (q *queue) pop() remembered {
	r := q.first()
	q.begin++
	if q.n--; q.begin == len(q.chunks[0]) {
		q.chunks[0] = nil
		q.chunks, q.begin = q.chunks[1:], 0
	}
	return r
}
