package cli

import (
	"bufio"
	"bytes"
	"container/heap"
	"crypto/sha256"
	"errors"
	"io"
	"os"
	"slices"
)

// digest stands for an id.
type digest [16]byte

// idSet counts ids that come again. It needs 16 bytes for each id, in memory up
// to a limit, and beyond that in temporary files, so that its answer is exact
// however many there are.
type idSet struct {
	limit   int // of digests in memory
	digests []digest
	runs    []*os.File // sorted digests, each
}

func newIDSet() *idSet { return &idSet{limit: 4 << 20} } // 64 MiB

func (s *idSet) add(id string) error {
	sum := sha256.Sum256([]byte(id))
	s.digests = append(s.digests, digest(sum[:16]))
	if len(s.digests) < s.limit {
		return nil
	}
	return s.spill()
}

func compareDigests(a, b digest) int { return bytes.Compare(a[:], b[:]) }

func (s *idSet) spill() error {
	slices.SortFunc(s.digests, compareDigests)
	f, err := os.CreateTemp("", "webhook-check-")
	if err != nil {
		return err
	}
	s.runs = append(s.runs, f)
	w := bufio.NewWriterSize(f, 1<<20)
	for _, d := range s.digests {
		_, _ = w.Write(d[:]) // Flush has the error
	}
	s.digests = s.digests[:0]
	return w.Flush()
}

// repeated returns how many ids had been there before.
func (s *idSet) repeated() (n int64, err error) {
	slices.SortFunc(s.digests, compareDigests)
	i := 0
	sources := runHeap{{next: func() (digest, error) {
		if i == len(s.digests) {
			return digest{}, io.EOF
		}
		i++
		return s.digests[i-1], nil
	}}}
	for _, f := range s.runs {
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			return 0, err
		}
		r := bufio.NewReader(f)
		sources = append(sources, &run{next: func() (d digest, err error) {
			_, err = io.ReadFull(r, d[:])
			return d, err
		}})
	}
	var live runHeap
	for _, r := range sources {
		if ok, err := r.advance(); err != nil {
			return 0, err
		} else if ok {
			live = append(live, r)
		}
	}
	heap.Init(&live)
	var last digest
	some := false
	for len(live) > 0 {
		d := live[0].head
		if some && last == d {
			n++
		}
		last, some = d, true
		ok, err := live[0].advance()
		if err != nil {
			return 0, err
		}
		if ok {
			heap.Fix(&live, 0)
		} else {
			heap.Pop(&live)
		}
	}
	return n, nil
}

// close removes the temporary files.
func (s *idSet) close() {
	for _, f := range s.runs {
		_ = f.Close()
		_ = os.Remove(f.Name())
	}
}

// run is a sorted sequence of digests.
type run struct {
	head digest
	next func() (digest, error)
}

func (r *run) advance() (ok bool, err error) {
	r.head, err = r.next()
	if errors.Is(err, io.EOF) {
		return false, nil
	}
	return err == nil, err
}

// runHeap has the run with the smallest head first.
type runHeap []*run

func (h runHeap) Len() int           { return len(h) }
func (h runHeap) Less(i, j int) bool { return compareDigests(h[i].head, h[j].head) < 0 }
func (h runHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *runHeap) Push(x any)        { *h = append(*h, x.(*run)) }
func (h *runHeap) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}
