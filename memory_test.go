package webhookreceiver

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"runtime"
	"runtime/metrics"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestBudget(t *testing.T) {
	b := newBudget(16 << 20)

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
	if err := complete.complete(); err != nil {
		t.Fatal(err)
	}
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

	undo := b.fit(800 << 20)
	l := b.lease()
	if err := l.take(100 << 20); err != nil {
		t.Errorf("a body of max_body_size: %v", err)
	}
	undo()
	undo()
	if b.limit != 16<<20 {
		t.Errorf("the limit stays at %d", b.limit)
	}
	if other := b.lease(); !errors.Is(other.take(1), errBusy) {
		t.Error("more than what is left was handed out")
	}
	l.release()
	if l = b.lease(); l.take(1) != nil || l.take(16<<20) == nil {
		t.Error("not the limit that there was before")
	}
}

// TestBudgetIsOfConfigsInUse: a config that is rejected changes nothing.
func TestBudgetIsOfConfigsInUse(t *testing.T) {
	config := func(size, file string) string {
		return fmt.Sprintf(`{"provider":"cloudevents","accept":"json","max_body_size":%s,"outputs":[{"output":"file","filename":%q}]}`, size, file)
	}
	good, bad := t.TempDir()+"/events.jsonl", t.TempDir()
	limit := func() int64 {
		memory.mu.Lock()
		defer memory.mu.Unlock()
		return memory.limit
	}
	if _, err := loadJSON(t, config("10737418240", bad)); err == nil {
		t.Fatal("a directory as a file's name was taken")
	}
	if got := limit(); got != memoryLimit {
		t.Errorf("a rejected config left a limit of %d", got)
	}
	_, drop := loadForNow(t, config("1073741824", good))
	_, dropSmaller := loadForNow(t, config("536870912", good))
	if got := limit(); got != 8<<30 {
		t.Errorf("limit %d for bodies of 1 GiB", got)
	}
	drop()
	if got := limit(); got != 4<<30 {
		t.Errorf("limit %d for bodies of 512 MiB", got)
	}
	dropSmaller()
	if got := limit(); got != memoryLimit {
		t.Errorf("limit %d after all", got)
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
				l := b.lease()
				l.reading = false
				if err := l.take(4 << 20); err != nil {
					t.Error(err)
				}
				piece := make([]byte, 4<<20)
				if grown := heap() - before; grown > 128<<20 {
					t.Errorf("the heap has grown by %d MiB", grown>>20)
				}
				runtime.KeepAlive(piece)
				l.release()
			}
		}()
	}
	takers.Wait()
	b.mu.Lock() // a collection may end at any time
	defer b.mu.Unlock()
	if b.used != 0 || b.garbage[0]+b.garbage[1] > 96<<20 {
		t.Errorf("used %d, garbage %d", b.used, b.garbage)
	}
}

// TestSmallEventsDoNotWaitForGarbage to be collected, and large ones not for ever.
func TestSmallEventsDoNotWaitForGarbage(t *testing.T) {
	b := &budget{limit: 64 << 20, least: 64 << 20}
	b.collected = make(chan struct{}) // a collection that takes long
	b.garbage[0] = 1 << 30            // what Go collects meanwhile is not told
	small, large := b.lease(), b.lease()
	small.reading, large.reading = false, false
	if err := small.take(smallBody); err != nil {
		t.Errorf("small: %v", err)
	}
	if err := large.take(smallBody + 1); !errors.Is(err, errBusy) {
		t.Errorf("large: %v, want %v", err, errBusy)
	}
	close(b.collected)
	b.collected, b.garbage = nil, [2]int64{1 << 30}
	b.awaitCollection()
	eventually(t, "what Go has collected counts no more", func() bool {
		runtime.GC()
		b.mu.Lock()
		defer b.mu.Unlock()
		return b.garbage == [2]int64{}
	})
	if err := large.take(smallBody + 1); err != nil {
		t.Errorf("large, later: %v", err)
	}
}

// heap is the memory of objects, garbage included.
func heap() int64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return int64(sample[0].Value.Uint64())
}

// TestLinesAreAccounted: an event's lines take no more memory than was asked for,
// whatever is in them, and hardly less.
func TestLinesAreAccounted(t *testing.T) {
	for name, body := range map[string]string{
		"JSON": `{"a":"\u0001"}`, "large JSON": `"` + strings.Repeat("x", 2<<20) + `"`,
		"text": "hello", "control characters": strings.Repeat("\x01", 1<<20), "line feeds": strings.Repeat("\n", 300_000),
		"separators": strings.Repeat("\u2028", 400_000), "quotes": strings.Repeat(`"`, 1<<20), "DEL": strings.Repeat("\x7f", 5<<20),
		"no UTF-8": strings.Repeat("\xff", 1<<20), "4 KiB": strings.Repeat("x", 4<<10),
	} {
		e := &Event{ID: "1\"2", Source: strings.Repeat("s\u0085", 500), Type: "t", Subject: "s", Time: time.Now(), Extensions: []Attribute{{"a", "\\"}}}
		if err := e.setData([]byte(body), map[bool]string{true: "", false: "text/plain"}[strings.Contains(name, "JSON")], acceptAny); err != nil {
			t.Fatal(err)
		}
		size, line := e.jsonSize(), e.AppendJSON(nil)
		if len(line) > size || len(line) < size-128 {
			t.Errorf("%s: a line of %d, said to be of %d", name, len(line), size)
		}
		if raw := e.appendData(nil); len(raw) != e.dataSize() {
			t.Errorf("%s: data of %d, said to be of %d", name, len(raw), e.dataSize())
		}
		accounted := (&Handler{copies: 1}).memoryOf(e)
		for range 2 { // the second time from a pool, perhaps
			if got := int64(cap(e.cloudEventLine())); got > accounted || int64(cap(e.rawLine())) > accounted {
				t.Errorf("%s: %d and %d bytes of memory, %d accounted", name, got, cap(e.rawLine()), accounted)
			}
			e.freeLines()
		}
	}
}

// TestStalledSmallBodiesMakeRoom has stalled ones fill what small bodies may
// have: others still come in, at the cost of the oldest, and the large ones and
// what is complete are left alone.
func TestStalledSmallBodiesMakeRoom(t *testing.T) {
	b := newBudget(16 << 20)
	large, complete := b.lease(), b.lease()
	for _, l := range []*lease{large, complete} {
		l.stopper = stopFunc(func() { t.Error("taken back, but neither small nor stalled") })
	}
	if large.take(1<<20) != nil || complete.take(smallBody) != nil || complete.complete() != nil {
		t.Fatal("no memory")
	}
	var stopped []int
	var stalled []*lease
	released := 0
	for i := range 300 {
		l := b.lease()
		l.stopper = stopFunc(func() { stopped = append(stopped, i) })
		if err := l.take(smallBody / 2); err != nil {
			t.Fatal(err)
		}
		if err := l.take(smallBody / 2); err != nil {
			t.Fatalf("small body %d: %v", i, err)
		}
		stalled = append(stalled, l)
		if ended := int64(len(stopped) - released); b.used-b.reading != (1+ended)*smallBody {
			t.Fatalf("%d bytes used, %d of them being read: what was stopped is not counted until it ends", b.used, b.reading)
		}
		for ; released < len(stopped); released++ {
			stalled[stopped[released]].release()
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
	if stalled[0].take(1) == nil || stalled[0].complete() == nil {
		t.Error("a lease that was taken back goes on")
	}

	grown := stalled[len(stopped)] // the oldest: when it grows, others make room
	if err := grown.take(1<<20 - smallBody); !errors.Is(err, errBusy) {
		t.Errorf("a large body got the room of small ones: %v", err)
	}
	for _, l := range append(stalled, large, complete) {
		l.release()
	}
	if b.used != 0 || b.reading != 0 || b.oldest != nil || b.newest != nil {
		t.Errorf("%d and %d were not given back, or a lease is still listed", b.used, b.reading)
	}
}

// TestStalledSenderMakesRoom is the same over real connections: the stalled
// sender is told at once, and its connection ends soon, not at its timeout.
func TestStalledSenderMakesRoom(t *testing.T) {
	rc := newReceiver(t, "timeout 1m")
	var others []*lease
	for l := memory.lease(); l.take(smallBody) == nil; l = memory.lease() {
		others = append(others, l)
		defer l.release()
	}
	others[0].release() // room for one
	free := memory.reading

	stalled := dial(t, rc)
	fmt.Fprint(stalled, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 65000\r\n\r\n", strings.Repeat(" ", 64000))
	eventually(t, "the body is being read", func() bool {
		memory.mu.Lock()
		defer memory.mu.Unlock()
		return memory.reading > free+60_000
	})
	start := time.Now()
	if resp := rc.post(t, strings.Repeat(" ", 60_000)+sample); resp.StatusCode != 200 {
		t.Errorf("the honest sender: status %d", resp.StatusCode)
	}
	if resp := answer(t, stalled); resp.StatusCode != 503 || resp.Header.Get("Retry-After") == "" || !resp.Close {
		t.Errorf("the stalled one: status %d, Retry-After %q, close %v", resp.StatusCode, resp.Header.Get("Retry-After"), resp.Close)
	}
	_, _ = io.Copy(io.Discard, stalled)
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("both were served after %v", took)
	}
}

// TestLargeBodiesGetToTheirEnd has many grow side by side: when the budget is
// full the first ones go on, at the cost of the others.
func TestLargeBodiesGetToTheirEnd(t *testing.T) {
	b := newBudget(memoryLimit)
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
		b := newBudget(1 << 40)
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
	b := newBudget(1 << 40)
	l := b.lease()
	body, err := readAll(bytes.NewReader(make([]byte, 10_000)), 10_000, 1<<20, l)
	if err != nil || len(body) != 10_000 || l.size != 10_001 {
		t.Errorf("%d bytes in %d (%v)", len(body), l.size, err)
	}
}

type errReader struct{}

func (errReader) Read([]byte) (int, error) { return 0, io.ErrClosedPipe }

type stopFunc func()

func (f stopFunc) stopReading() { f() }
