package e2e

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// heapBound is how far Go's heap may grow by bodies and waiting events: twice
// what they may hold (256 MiB), as garbage may be as much again, and something
// for batches. Each test sends several times of it or, stalled, more than it.
const heapBound = 640 << 20

// TestStalledUploads has 200 senders that stop before the last of 4 MiB, while
// others send small events.
func TestStalledUploads(t *testing.T) {
	const (
		timeout = 8 * time.Second
		stalled = 200
		size    = 4 << 20
	)
	s := start(t, site(stored("timeout 8s")...))
	s.post("{}").wantStored(t)
	idle, goroutines := s.memory(), s.goroutines()

	var uploads sync.WaitGroup
	began := time.Now()
	piece := strings.Repeat(" ", 64<<10)
	for range stalled {
		c := s.dial(t)
		uploads.Go(func() {
			_ = c.SetWriteDeadline(began.Add(timeout))
			if _, err := fmt.Fprint(c.Conn, head(fmt.Sprintf("Content-Length: %d", size+1))); err != nil {
				return
			}
			for range size / len(piece) {
				if _, err := c.Write([]byte(piece)); err != nil {
					return // refused, as it should be
				}
			}
		})
	}
	honest := s.honest(newClient(t), "http://"+s.http+"/webhooks", began.Add(timeout-2*time.Second))
	loaded := s.memory()
	t.Logf("race detector %v; resident %d MiB, at the peak %d MiB; Go heap %d MiB, then %d MiB; %d events meanwhile",
		withRace, idle.now>>20, loaded.peak>>20, idle.heap>>20, loaded.heap>>20, honest)
	if grown := loaded.heap - idle.heap; grown > heapBound {
		t.Errorf("the Go heap grew by %d MiB", grown>>20)
	}
	if grown := loaded.peak - idle.now; !withRace && grown > heapBound {
		t.Errorf("the process grew by %d MiB", grown>>20)
	}
	uploads.Wait()
	s.calmsDown(goroutines)
	if stored := len(s.events()); stored != honest+1 {
		t.Errorf("%d events stored, want %d", stored, honest+1)
	}
	s.post(padded(4 << 20)).wantStored(t) // there is room again
}

// honest sends small events one after another, each of which must be answered
// 200 and nearly each within a second: the machine is busy, too. It returns
// their number.
func (s *server) honest(client *http.Client, url string, until time.Time) (n int) {
	s.t.Helper()
	late, slowest := 0, time.Duration(0)
	for ; time.Now().Before(until) || n < 10; n++ {
		sent := time.Now()
		do(s.t, client, http.MethodPost, url, strings.NewReader(tagged(fmt.Sprint(n)))).wantStored(s.t)
		took := time.Since(sent)
		if slowest = max(slowest, took); took > time.Second {
			late++
		}
	}
	if late > 1+n/20 {
		s.t.Errorf("%d of %d small events took more than a second, one %v", late, n, slowest)
	}
	return n
}

// calmsDown waits until the process has no more goroutines than before.
func (s *server) calmsDown(goroutines int) {
	s.t.Helper()
	eventually(s.t, "the goroutines have ended", func() error {
		if now := s.goroutines(); now > goroutines+10 {
			return fmt.Errorf("%d goroutines, %d before", now, goroutines)
		}
		return nil
	})
}

// Buffers grow with what has arrived: promising much costs nothing.
func TestUploadsThatOnlyPromise(t *testing.T) {
	s := start(t, site(stored("timeout 3s")...))
	s.post("{}").wantStored(t)
	idle, goroutines := s.memory(), s.goroutines()
	for range 400 {
		c := s.dial(t)
		c.send(head("Content-Length: 5242880"), "{")
	}
	s.post("{}").wantStored(t)
	if grown := s.memory().heap - idle.heap; grown > 100<<20 {
		t.Errorf("400 promises of 5 MiB cost %d MiB", grown>>20)
	}
	s.calmsDown(goroutines)
}

// The same from one HTTP/2 connection.
func TestStalledStreams(t *testing.T) {
	s := startTLS(t, httpsSite(stored("timeout 3s")...))
	client := s.tlsClient("HTTP/2.0")
	url := "https://" + s.https + "/webhooks"
	do(t, client, http.MethodPost, url, strings.NewReader("{}")).wantStored(t)
	idle, goroutines := s.memory(), s.goroutines()
	var uploads sync.WaitGroup
	for range 150 {
		body := stalled(t, 4<<20)
		uploads.Go(func() {
			a, err := try(client, http.MethodPost, url, body)
			if err == nil && a.status != 408 && a.status != 503 {
				t.Errorf("answer %d to a stalled stream", a.status)
			}
		})
	}
	other := s.tlsClient("HTTP/1.1")
	s.honest(other, url, time.Now().Add(2*time.Second))
	uploads.Wait()
	loaded := s.memory()
	t.Logf("Go heap %d MiB, then %d MiB", idle.heap>>20, loaded.heap>>20)
	if grown := loaded.heap - idle.heap; grown > heapBound {
		t.Errorf("the Go heap grew by %d MiB", grown>>20)
	}
	s.calmsDown(goroutines + 10)
}

// Many whole events at once: each is stored, or refused at once.
func TestManyLargeEvents(t *testing.T) {
	s := start(t, site(stored("timeout 1m")...))
	idle := s.memory()
	event := padded(4 << 20)
	var mu sync.Mutex
	answers := map[int]int{}
	var senders sync.WaitGroup
	for range 30 {
		senders.Go(func() {
			a, err := try(newClient(t), http.MethodPost, "http://"+s.http+"/webhooks", strings.NewReader(event))
			mu.Lock()
			defer mu.Unlock()
			if err != nil { // cut off while sending, having been refused
				answers[0]++
				return
			}
			if answers[a.status]++; a.status == http.StatusServiceUnavailable {
				a.want(t, 503)
			}
		})
	}
	senders.Wait()
	loaded := s.memory()
	t.Logf("30 events of 4 MiB at once: %v; Go heap %d MiB, then %d MiB", answers, idle.heap>>20, loaded.heap>>20)
	for status := range answers {
		if status != 0 && status != 200 && status != 503 {
			t.Errorf("answers of %d", status)
		}
	}
	if grown := loaded.heap - idle.heap; grown > heapBound {
		t.Errorf("the Go heap grew by %d MiB", grown>>20)
	}
	files, err := filepath.Glob(s.path("events*.jsonl")) // so much is rotated
	if err != nil {
		t.Fatal(err)
	}
	stored := 0
	for _, file := range files {
		stored += len(lines(t, file))
	}
	if stored < answers[200] {
		t.Errorf("%d events stored, %d acknowledged", stored, answers[200])
	}
}
