package e2e

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// heapBound is how far Go's heap may grow by bodies and waiting events, as
// docs/reference.md says. Each test sends several times of it or, stalled, more.
const heapBound = 2 * budget

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

// TestOverload has more senders of large events than there is room for, all the
// time. Each event is stored in time, or refused.
func TestOverload(t *testing.T) {
	const (
		timeout = 10 * time.Second
		size    = 1 << 20
	)
	senders := 300
	if withRace {
		senders = 30 // keep its processors busy enough
	}
	s := start(t, site(stored("timeout 10s")...))
	idle := s.memory()
	pad := strings.Repeat("x", size)
	var (
		mu      sync.Mutex
		answers = map[int]int{}
		slowest time.Duration
		acked   []string
		sending sync.WaitGroup
	)
	end := time.Now().Add(4 * time.Second)
	for i := range senders {
		sending.Go(func() {
			client := newClient(t)
			for n := 0; time.Now().Before(end); n++ {
				id := fmt.Sprintf("%d-%d", i, n)
				began := time.Now()
				a, err := try(client, http.MethodPost, "http://"+s.http+"/webhooks", strings.NewReader(fmt.Sprintf(`{"TicketId":%q,"Pad":%q}`, id, pad)))
				took := time.Since(began)
				mu.Lock()
				switch {
				case err != nil: // cut off while sending, having been refused
					answers[0]++
				case a.status == http.StatusOK:
					acked, slowest = append(acked, id), max(slowest, took)
					fallthrough
				default:
					answers[a.status]++
				}
				mu.Unlock()
				if a.status == http.StatusServiceUnavailable {
					a.want(t, 503)
					time.Sleep(100 * time.Millisecond)
				}
			}
		})
	}
	sending.Wait()
	loaded := s.memory()
	t.Logf("%d senders of 1 MiB: %v, the slowest accepted one took %v; Go heap %d MiB, then %d MiB",
		senders, answers, slowest, idle.heap>>20, loaded.heap>>20)
	for status := range answers {
		if status != 0 && status != 200 && status != 503 {
			t.Errorf("answers of %d", status)
		}
	}
	if slowest > timeout+time.Second {
		t.Errorf("an accepted event took %v", slowest)
	}
	if grown := loaded.heap - idle.heap; grown > heapBound {
		t.Errorf("the Go heap grew by %d MiB", grown>>20)
	}
	there := s.values("subject")
	for _, id := range acked {
		if !there[id] {
			t.Errorf("event %s was acknowledged and is not stored", id)
		}
	}
	if len(acked) == 0 {
		t.Error("no event was accepted")
	}
}

// values are those that an attribute has in all whole records in the usual file and
// those rotated from it, which may be large.
func (s *server) values(attribute string) map[string]bool {
	s.t.Helper()
	value := regexp.MustCompile(fmt.Sprintf(`%q:"([^"]+)"`, attribute))
	all := map[string]bool{}
	files, err := filepath.Glob(s.path("events*.jsonl"))
	if err != nil {
		s.t.Fatal(err)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			s.t.Fatal(err)
		}
		for line := range bytes.Lines(content) {
			if found := value.FindSubmatch(line[:min(500, len(line))]); found != nil && bytes.HasSuffix(line, []byte("}\n")) {
				all[string(found[1])] = true
			}
		}
	}
	return all
}
