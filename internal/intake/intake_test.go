package intake

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"os"
	"runtime"
	"runtime/metrics"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"
)

func TestBudget(t *testing.T) {
	b := newBudget(16 << 20)

	// Large bodies that stall get five eighths of it, however many they are.
	var stalled []*Lease
	for range 100 {
		l := leaseOf(b)
		for l.Take(1<<20) == nil && l.size < 5<<20 {
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
		l := leaseOf(b)
		if l.Take(smallBody) != nil {
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
	if err := complete.Complete(); err != nil {
		t.Fatal(err)
	}
	if err := complete.Take(4 << 20); err != nil {
		t.Errorf("a complete event found no memory: %v", err)
	}
	if err := complete.Take(1); !errors.Is(err, errBusy) {
		t.Errorf("more than everything: %v", err)
	}

	for _, l := range stalled {
		l.Release()
		l.Release()
	}
	if b.used != 0 || b.reading != 0 {
		t.Errorf("%d and %d bytes were not given back", b.used, b.reading)
	}

	undo := b.Fit(800 << 20)
	l := leaseOf(b)
	if err := l.Take(100 << 20); err != nil {
		t.Errorf("a body of max_body_size: %v", err)
	}
	undo()
	undo()
	if b.limit != 16<<20 {
		t.Errorf("the limit stays at %d", b.limit)
	}
	if other := leaseOf(b); !errors.Is(other.Take(1), errBusy) {
		t.Error("more than what is left was handed out")
	}
	l.Release()
	if l = leaseOf(b); l.Take(1) != nil || l.Take(16<<20) == nil {
		t.Error("not the limit that there was before")
	}
}

// TestGarbageIsCollected: what was handed out and given back is not let grow
// beside what is in use. It is collected by whoever would, and others wait.
func TestGarbageIsCollected(t *testing.T) {
	b := newBudget(64 << 20)
	before := heap()
	var takers sync.WaitGroup
	for range 8 {
		takers.Add(1)
		go func() {
			defer takers.Done()
			for range 200 {
				l := leaseOf(b)
				l.reading = false
				if err := l.Take(4 << 20); err != nil {
					t.Error(err)
				}
				piece := make([]byte, 4<<20)
				if grown := heap() - before; grown > 128<<20 {
					t.Errorf("the heap has grown by %d MiB", grown>>20)
				}
				runtime.KeepAlive(piece)
				l.Release()
			}
		}()
	}
	takers.Wait()
	b.mu.Lock() // a collection may end at any time
	defer b.mu.Unlock()
	if b.used != 0 || b.released-b.freed > 96<<20 {
		t.Errorf("used %d, garbage %d", b.used, b.released-b.freed)
	}
}

// TestSmallEventsDoNotWaitForGarbage to be collected, and large ones not for ever.
func TestSmallEventsDoNotWaitForGarbage(t *testing.T) {
	b := newBudget(64 << 20)
	b.collected = make(chan struct{}) // a collection that takes long
	b.released = 1 << 30              // what Go collects meanwhile is not told
	small, large := leaseOf(b), leaseOf(b)
	small.reading, large.reading = false, false
	if err := small.Take(smallBody); err != nil {
		t.Errorf("small: %v", err)
	}
	if err := large.Take(smallBody + 1); !errors.Is(err, errBusy) {
		t.Errorf("large: %v, want %v", err, errBusy)
	}
	close(b.collected)
	b.collected = nil
	b.awaitCollection()
	collected := func() bool {
		runtime.GC()
		b.mu.Lock()
		defer b.mu.Unlock()
		return b.freed == b.released
	}
	for deadline := time.Now().Add(10 * time.Second); !collected(); {
		if time.Now().After(deadline) {
			t.Fatal("what Go has collected still counts")
		}
	}
	if err := large.Take(smallBody + 1); err != nil {
		t.Errorf("large, later: %v", err)
	}
}

// heap is the memory of objects, garbage included.
func heap() int64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return int64(sample[0].Value.Uint64())
}

// TestStalledSmallBodiesMakeRoom has stalled ones fill what small bodies may
// have: others still come in, at the cost of the oldest, and the large ones and
// what is complete are left alone.
func TestStalledSmallBodiesMakeRoom(t *testing.T) {
	b := newBudget(16 << 20)
	large, complete := leaseOf(b), leaseOf(b)
	for _, l := range []*Lease{large, complete} {
		l.stopper = stopFunc(func() { t.Error("taken back, but neither small nor stalled") })
	}
	if large.Take(1<<20) != nil || complete.Take(smallBody) != nil || complete.Complete() != nil {
		t.Fatal("no memory")
	}
	var stopped []int
	var stalled []*Lease
	released := 0
	for i := range 300 {
		l := leaseOf(b)
		l.stopper = stopFunc(func() { stopped = append(stopped, i) })
		if err := l.Take(smallBody / 2); err != nil {
			t.Fatal(err)
		}
		if err := l.Take(smallBody / 2); err != nil {
			t.Fatalf("small body %d: %v", i, err)
		}
		stalled = append(stalled, l)
		if ended := int64(len(stopped) - released); b.used-b.reading != (1+ended)*smallBody {
			t.Fatalf("%d bytes used, %d of them being read: what was stopped is not counted until it ends", b.used, b.reading)
		}
		for ; released < len(stopped); released++ {
			stalled[stopped[released]].Release()
		}
	}
	if room := (12<<20 - 1<<20) / smallBody; len(stopped) != 300-room {
		t.Errorf("%d taken back, want %d", len(stopped), 300-room)
	}
	for i, n := range stopped {
		if i != n {
			t.Fatalf("number %d was taken back before number %d", n, i)
		}
	}
	if b.reading > 12<<20 || b.used > 16<<20 {
		t.Errorf("%d bytes are being read, %d used", b.reading, b.used)
	}
	if stalled[0].Take(1) == nil || stalled[0].Complete() == nil {
		t.Error("a lease that was taken back goes on")
	}

	grown := stalled[len(stopped)] // the oldest: when it grows, others make room
	if err := grown.Take(1<<20 - smallBody); !errors.Is(err, errBusy) {
		t.Errorf("a large body got the room of small ones: %v", err)
	}
	for _, l := range append(stalled, large, complete) {
		l.Release()
	}
	if b.used != 0 || b.reading != 0 || b.open.after != &b.open {
		t.Errorf("%d and %d were not given back, or a lease is still listed", b.used, b.reading)
	}
}

// TestOverdueBodiesAreStopped: one timer does for deadlines in any order, also after it
// has fired, and what is complete is left alone.
func TestOverdueBodiesAreStopped(t *testing.T) {
	b := newBudget(16 << 20)
	stopped := make(chan int, 10)
	begin := func(i int, timeout time.Duration, size int64) *Lease {
		l := new(Lease)
		l.Begin(b, stopFunc(func() { stopped <- i }), time.Now().Add(timeout))
		if err := l.Take(size); err != nil {
			t.Fatal(err)
		}
		return l
	}
	want := func(i int, after time.Time) {
		t.Helper()
		select {
		case n := <-stopped:
			if n != i || time.Now().Before(after) {
				t.Errorf("number %d was stopped, want %d not before %v", n, i, after)
			}
		case <-time.After(10 * time.Second):
			t.Fatalf("number %d was not stopped", i)
		}
	}
	for range 2 {
		now := time.Now()
		leases := []*Lease{
			begin(0, time.Hour, 1), begin(1, 200*time.Millisecond, 1<<20), begin(2, 50*time.Millisecond, 1),
			begin(3, 60*time.Millisecond, 1), begin(4, 70*time.Millisecond, 1),
		}
		if err := leases[3].Complete(); err != nil {
			t.Error(err)
		}
		leases[4].Release()
		want(2, now.Add(50*time.Millisecond))
		want(1, now.Add(200*time.Millisecond))
		if err := leases[1].Complete(); err != nil {
			t.Errorf("an overdue body that got to its end all the same: %v", err)
		}
		for _, l := range leases {
			l.Release()
		}
	}
	if b.used != 0 || b.reading != 0 || b.open.after != &b.open || b.open.before != &b.open || len(stopped) > 0 {
		t.Errorf("%d and %d were not given back, or a lease is still listed, or %d were stopped", b.used, b.reading, len(stopped))
	}
}

// TestLargeBodiesGetToTheirEnd has many grow side by side: when the budget is
// full the first ones go on, at the cost of the others.
func TestLargeBodiesGetToTheirEnd(t *testing.T) {
	b := newBudget(memoryLimit)
	growing := make([]*Lease, 100)
	for i := range growing {
		growing[i] = leaseOf(b)
		if err := growing[i].Take(1 << 20); err != nil {
			t.Fatal(err)
		}
	}
	whole := 0
	for _, l := range growing {
		if l.Take(1<<20) == nil && l.Take(2<<20) == nil {
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
		b := newBudget(1 << 40)
		l := leaseOf(b)
		r := io.MultiReader(strings.NewReader(strings.Repeat("x", 10_000)), errReader{})
		if _, err := readAll(r, size, 2<<30, l); !errors.Is(err, io.ErrClosedPipe) {
			t.Fatal(err)
		}
		if l.size > 20_000 {
			t.Errorf("%d bytes for 10,000 that arrived", l.size)
		}
	}

	// And with a true size no more than that is used.
	b := newBudget(1 << 40)
	l := leaseOf(b)
	body, err := readAll(bytes.NewReader(make([]byte, 10_000)), 10_000, 1<<20, l)
	if err != nil || len(body) != 10_000 || l.size != 10_001 {
		t.Errorf("%d bytes in %d (%v)", len(body), l.size, err)
	}
}

// TestGzipReadersForget: what is kept for other bodies knows nothing of the last.
func TestGzipReadersForget(t *testing.T) {
	zip := gzipped(t, event)
	for range 100 {
		for body, ok := range map[string]bool{zip: true, zip + zip: true, "": false, "no gzip": false, zip[:len(zip)-9]: false, zip + "x": false, zip[:5]: false} {
			l := leaseOf(newBudget(1 << 30))
			decoded, err := decodeGzip([]byte(body), 1<<20, l)
			if want := strings.Repeat(event, len(body)/len(zip)); (err == nil) != ok || ok && string(decoded) != want {
				t.Fatalf("%d bytes became %q: %v", len(body), decoded, err)
			}
			r := gzipReaders.Get().(*gzipReader)
			if r.source.Size() != int64(len(gzipHeader)) && r.source.Size() != 0 {
				t.Fatal("a reader holds on to a body")
			}
			gzipReaders.Put(r)
		}
	}
}

// BenchmarkDecodeGzip is what a tiny body costs.
func BenchmarkDecodeGzip(b *testing.B) {
	zip, budget := []byte(gzipped(b, event)), newBudget(1<<30)
	b.ReportAllocs()
	for range b.N {
		l := leaseOf(budget)
		if _, err := DecodeBody(context.Background(), zip, "gzip", 1<<20, l); err != nil {
			b.Fatal(err)
		}
		l.Release()
	}
}

// leaseOf begins a lease.
func leaseOf(b *budget) *Lease {
	l := new(Lease)
	l.Begin(b, nil, time.Now().Add(time.Hour))
	return l
}

type errReader struct{}

func (errReader) Read([]byte) (int, error) { return 0, io.ErrClosedPipe }

type stopFunc func()

func (f stopFunc) StopReading() { f() }

// event is a small body.
const event = `{"CommunityName":"yourCompany","EventType":"ticket_status_change","TicketId":4478963}`

func gzipped(t testing.TB, text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestServersOwnDeadline is told apart from the receiver's, as another option is to be raised.
func TestServersOwnDeadline(t *testing.T) {
	for before, want := range map[time.Duration]string{time.Hour: "read_body", 0: "within timeout"} {
		l := new(Lease)
		l.Begin(newBudget(1<<20), nil, time.Now().Add(before))
		_, err := ReadBody(iotest.ErrReader(os.ErrDeadlineExceeded), 10, 1<<20, l)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
		l.Release()
	}
}
