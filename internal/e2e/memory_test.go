package e2e

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// budget is what bodies and events may take, as docs/reference.md says, and twice
// that how much the process may grow by them.
const budget = 256 << 20

// TestMemoryIsBounded has 96 senders of large events at once, of each kind that
// needs another amount of memory, and measures the process from outside. The race
// detector takes memory of its own, so this is a Caddy without it.
func TestMemoryIsBounded(t *testing.T) {
	binary := withoutRace(t)
	const size = 4 << 20
	for name, load := range map[string]struct {
		options string
		body    string
		fields  []string
	}{
		"JSON":               {"", `{"Text":"` + strings.Repeat("x", size) + `"}`, nil},
		"control characters": {"accept any", strings.Repeat("\x01", size), []string{"Content-Type: text/plain"}},
		"gzip bombs":         {"accept any", gzipped(strings.Repeat("\x01", 5<<20)), []string{"Content-Type: text/plain", "Content-Encoding: gzip"}},
		"base64":             {"accept any", strings.Repeat("\xff", size), []string{"Content-Type: application/octet-stream"}},
		"two outputs":        {"output file {$DIR}/raw.jsonl {\nformat raw\n}\noutput log", `{"Text":"` + strings.Repeat("x", size) + `"}`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t)
			s.binary = binary
			s.configure(site(stored(append(strings.Split(load.options, "\n"), "timeout 10s")...)...))
			s.start()
			s.post("{}", "Content-Type: application/json").wantStored(t)
			idle := s.memory()
			var (
				mu      sync.Mutex
				answers = map[int]int{}
				senders sync.WaitGroup
			)
			end := time.Now().Add(4 * time.Second)
			for range 96 {
				senders.Go(func() {
					client := newClient(t)
					for time.Now().Before(end) {
						a, err := try(client, http.MethodPost, "http://"+s.http+"/webhooks", strings.NewReader(load.body), load.fields...)
						mu.Lock()
						answers[a.status]++ // 0: cut off while sending, having been refused
						mu.Unlock()
						if err == nil && a.status == http.StatusServiceUnavailable {
							time.Sleep(50 * time.Millisecond)
						}
					}
				})
			}
			senders.Wait()
			loaded := s.memory()
			t.Logf("answers %v; resident %d MiB, at the peak %d MiB; Go heap %d MiB", answers, idle.now>>20, loaded.peak>>20, loaded.heap>>20)
			if grown := loaded.peak - idle.now; grown > 2*budget {
				t.Errorf("the process grew by %d MiB, more than twice the budget", grown>>20)
			}
			if answers[http.StatusOK] == 0 {
				t.Error("nothing was stored")
			}
		})
	}
}
