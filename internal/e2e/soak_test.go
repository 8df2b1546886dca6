package e2e

import (
	"flag"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

var soak = flag.Duration("soak", 15*time.Second, "how long TestSoak runs")

// TestSoak has a receiver with everything on that does something for each event, under steady
// load, for as long as -soak says: it rotates and compresses every second, while somebody takes
// the compressed files away; it remembers events for five seconds, and gets some of them again; it
// delivers them, and shows them to somebody who looks on. Nothing is lost; memory, descriptors
// and goroutines stay flat, and so does, within 5 %, what the heap holds when nothing is under way.
func TestSoak(t *testing.T) {
	s := newServer(t)
	app := s.application()
	s.configure("http:// {\nhandle_path /inspect* {\nwebhook_inspector\n}\n" + directive("/webhooks", "verify_token "+rightToken,
		"output file {$DIR}/a/events.jsonl {", "roll_size 1MB", "roll_interval 1s", "roll_compress zstd", "}",
		"dedupe 5s {http.webhook_receiver.body.Tag}", app.deliver("concurrency 16")) + "}\n")
	s.start()
	s.webhook(0, "inspect", "--address", s.admin) // makes the key

	var pause sync.RWMutex // nothing is sent while it is held
	traffic := newTraffic(t)
	client := newClient(t) // keeps its connections: so many new ones would use up the ports
	steadily := func() *http.Client {
		time.Sleep(15 * time.Millisecond)
		pause.RLock()
		defer pause.RUnlock()
		return client
	}
	for i := range 16 {
		traffic.from(fmt.Sprint(i), "http://"+s.http+"/webhooks", steadily)
	}
	traffic.senders.Go(func() { s.besides(traffic, steadily) })
	traffic.wait(100)
	shown := s.looksOn()

	var whole []string
	files := 0
	// take takes away what is compressed, once it is delivered.
	take := func(underWay int) {
		there := eventFiles(t, s.path("a"))
		acked := traffic.count() + underWay
		within(t, patience, "events are delivered", func() error {
			if now := len(app.taken()); now < acked {
				return fmt.Errorf("%d of %d", now, acked)
			}
			return nil
		})
		for _, name := range there {
			if strings.HasSuffix(name, ".zst") {
				whole = append(whole, s.takeFile(name)...)
				files++
			}
		}
	}
	// held is what the heap holds once nothing is under way.
	held := func() (heap int) {
		pause.Lock()
		defer pause.Unlock()
		take(0)
		wantAllCompressed(t, s.path("a"))
		take(0)
		heap, _ = s.inUse()
		for range 2 {
			again, _ := s.inUse()
			heap = min(heap, again)
		}
		return heap
	}

	var heaps, descriptors, goroutines, quarters []int
	for len(quarters) < 4 {
		time.Sleep(*soak / 40)
		take(100)
		s.inspects("events", map[string]any{"limit": 50}, new(eventsAnswer))
		heaps = append(heaps, s.memory().heap)
		descriptors = append(descriptors, s.descriptors())
		goroutines = append(goroutines, s.goroutines())
		if len(heaps)%10 == 0 {
			quarters = append(quarters, held())
		}
	}
	if before, after := quarters[0], quarters[3]; after > before+before/20+1<<20 {
		t.Errorf("the heap holds %d bytes in the end, %d after the first quarter", after, before)
	}
	seen := shown()
	eventually(t, "whoever looks on is shown more", func() error {
		if shown() == seen {
			return fmt.Errorf("%d bytes so far", seen)
		}
		return nil
	})
	traffic.stop()
	traffic.wantNoFailure()
	app.wantAll(traffic, patience)
	traffic.wantEachOnce(append(whole, s.stoppedLines(s.path("a"))...))
	wantFlat(t, "heap (bytes)", heaps, 40<<20) // it grows by steps of 16 MiB
	wantFlat(t, "descriptors", descriptors, 10)
	wantFlat(t, "goroutines", goroutines, 20)
	t.Logf("%v: %d events acknowledged and delivered, %d files rotated and compressed; after each quarter the heap held %d bytes",
		*soak, traffic.count(), files, quarters)
}

// besides sends each event twice, of which the second is none, a verification, and what is
// refused.
func (s *server) besides(tr *traffic, next func() *http.Client) {
	url := "http://" + s.http + "/webhooks"
	for i := 0; ; i++ {
		select {
		case <-tr.quit:
			return
		default:
		}
		client, tag := next(), fmt.Sprint("again-", i)
		for n, r := range []struct {
			method, query, body string
			status              int
		}{
			{http.MethodPost, "", tagged(tag), http.StatusOK},
			{http.MethodPost, "", tagged(tag), http.StatusOK},
			{http.MethodGet, "?" + handshake("abc", rightToken), "", http.StatusOK},
			{http.MethodGet, "?" + handshake("abc", "another"), "", http.StatusForbidden},
			{http.MethodPost, "", "{", http.StatusBadRequest},
		} {
			a, err := try(client, r.method, url+r.query, strings.NewReader(r.body))
			if err != nil || a.status != r.status {
				s.t.Errorf("%s %s: %d, %v", r.method, r.query, a.status, err)
				return
			}
			if n == 0 {
				tr.note(ack{tag: tag}, a, nil)
			}
		}
	}
}

// looksOn has the inspector open. It returns how many bytes that has been told so far.
func (s *server) looksOn() (shown func() int64) {
	s.t.Helper()
	r, err := s.inspectorRequest("stream", nil)
	if err != nil {
		s.t.Fatal(err)
	}
	resp, err := (&http.Client{Transport: &http.Transport{}}).Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = resp.Body.Close() })
	if resp.StatusCode != http.StatusOK {
		s.t.Fatalf("the stream: %s", resp.Status)
	}
	var told atomic.Int64
	go func() {
		for piece := make([]byte, 64<<10); ; {
			n, err := resp.Body.Read(piece)
			if told.Add(int64(n)); err != nil {
				return
			}
		}
	}()
	return told.Load
}

// takeFile reads a compressed file and removes it. One whose name is only
// reserved is left alone.
func (s *server) takeFile(name string) []string {
	s.t.Helper()
	path := s.path("a", name)
	if info, err := os.Stat(path); err != nil || info.Size() == 0 {
		return nil
	}
	content, err := unpacked(path)
	if err != nil {
		s.t.Fatal(err)
	}
	if err := os.Remove(path); err != nil {
		s.t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(content, "\n"), "\n")
}

// wantFlat checks that the second half of what was measured is no higher than
// the first one, except for some play.
func wantFlat(t *testing.T, what string, values []int, play int) {
	t.Helper()
	half := len(values) / 2
	before, after := slices.Max(values[:half]), slices.Max(values[half:])
	t.Logf("%s: at most %d in the first half, %d in the second", what, before, after)
	if after > before+before/5+play {
		t.Errorf("%s: at most %d in the first half, %d in the second: %v", what, before, after, values)
	}
}
