package webhookreceiver

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
)

func TestBudget(t *testing.T) {
	b := &budget{limit: 16 << 20}

	// Large bodies that stall get five eighths of it, however many they are.
	var stalled []*lease
	for range 100 {
		l := b.lease()
		for l.take(1<<20) == nil && l.size < 5<<20 {
		}
		stalled = append(stalled, l)
	}
	if b.used < 8<<20 || b.used > 10<<20 {
		t.Errorf("large bodies hold %d bytes, want half to five eighths", b.used)
	}
	rest := 12<<20 - b.used

	// Small ones can still be read, until three quarters are gone.
	small := 0
	for {
		l := b.lease()
		if l.take(smallBody) != nil {
			break
		}
		small++
		stalled = append(stalled, l)
	}
	if want := int(rest / smallBody); small != want {
		t.Errorf("%d small bodies, want %d", small, want)
	}

	// What is complete can still be stored, until all is gone.
	complete := stalled[len(stalled)-1]
	complete.complete()
	if err := complete.take(4 << 20); err != nil {
		t.Errorf("a complete event found no memory: %v", err)
	}
	if err := complete.take(1); !errors.Is(err, errBusy) {
		t.Errorf("more than everything: %v", err)
	}

	for _, l := range stalled {
		l.release()
		l.release()
	}
	if b.used != 0 || b.reading != 0 {
		t.Errorf("%d and %d bytes were not given back", b.used, b.reading)
	}

	b.fit(100 << 20)
	l := b.lease()
	if err := l.take(100 << 20); err != nil {
		t.Errorf("a body of max_body_size: %v", err)
	}
}

// TestLargeBodiesGetToTheirEnd has many grow side by side: when the budget is
// full the first ones go on, at the cost of the others.
func TestLargeBodiesGetToTheirEnd(t *testing.T) {
	b := &budget{limit: memoryLimit}
	growing := make([]*lease, 100)
	for i := range growing {
		growing[i] = b.lease()
		if err := growing[i].take(1 << 20); err != nil {
			t.Fatal(err)
		}
	}
	whole := 0
	for _, l := range growing {
		if l.take(1<<20) == nil && l.take(2<<20) == nil {
			whole++
		}
	}
	if whole < 10 {
		t.Errorf("%d of 100 bodies of 4 MiB got to their end", whole)
	}
}

// TestBufferGrowsWithWhatArrives reads a little of a body that is said to be
// huge.
func TestBufferGrowsWithWhatArrives(t *testing.T) {
	for _, size := range []int64{-1, 1 << 30} {
		b := &budget{limit: 1 << 40}
		l := b.lease()
		r := io.MultiReader(strings.NewReader(strings.Repeat("x", 10_000)), errReader{})
		if _, err := readAll(r, size, 2<<30, l); !errors.Is(err, io.ErrClosedPipe) {
			t.Fatal(err)
		}
		if l.size > 20_000 {
			t.Errorf("%d bytes for 10,000 that arrived", l.size)
		}
	}

	// And with a true size no more than that is used.
	b := &budget{limit: 1 << 40}
	l := b.lease()
	body, err := readAll(bytes.NewReader(make([]byte, 10_000)), 10_000, 1<<20, l)
	if err != nil || len(body) != 10_000 || l.size != 10_001 {
		t.Errorf("%d bytes in %d (%v)", len(body), l.size, err)
	}
}

type errReader struct{}

func (errReader) Read([]byte) (int, error) { return 0, io.ErrClosedPipe }
