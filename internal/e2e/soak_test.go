package e2e

import (
	"flag"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

var soak = flag.Duration("soak", 15*time.Second, "how long TestSoak runs")

// TestSoak rotates and compresses every second under load, while somebody
// reads the compressed files and removes them, for as long as -soak says.
// Nothing is lost, and memory, descriptors and goroutines stay flat.
func TestSoak(t *testing.T) {
	s := start(t, site("verify_token "+rightToken, "output file {$DIR}/a/events.jsonl {",
		"roll_size 1MB", "roll_interval 1s", "roll_compress zstd", "}"))
	traffic := newTraffic(t)
	client := newClient(t) // keeps its connections: so many new ones would use up the ports
	for i := range 16 {
		traffic.from(fmt.Sprint(i), "http://"+s.http+"/webhooks", func() *http.Client { return client })
	}
	traffic.wait(100)

	var whole []string
	files := 0
	var heaps, descriptors, goroutines []int
	for end := time.Now().Add(*soak); time.Now().Before(end); {
		time.Sleep(*soak / 40)
		for _, name := range eventFiles(t, s.path("a")) {
			if strings.HasSuffix(name, ".zst") {
				whole = append(whole, s.takeFile(name)...)
				files++
			}
		}
		heaps = append(heaps, s.memory().heap)
		descriptors = append(descriptors, s.descriptors())
		goroutines = append(goroutines, s.goroutines())
	}
	traffic.stop()
	traffic.wantNoFailure()
	traffic.wantEachOnce(append(whole, s.stoppedLines(s.path("a"))...))
	wantFlat(t, "heap (bytes)", heaps, 40<<20) // it grows by steps of 16 MiB
	wantFlat(t, "descriptors", descriptors, 10)
	wantFlat(t, "goroutines", goroutines, 20)
	t.Logf("%v: %d events acknowledged, %d files rotated and compressed", *soak, traffic.count(), files)
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
// the first one, but for some play.
func wantFlat(t *testing.T, what string, values []int, play int) {
	t.Helper()
	half := len(values) / 2
	before, after := slices.Max(values[:half]), slices.Max(values[half:])
	t.Logf("%s: at most %d in the first half, %d in the second", what, before, after)
	if after > before+before/5+play {
		t.Errorf("%s: at most %d in the first half, %d in the second: %v", what, before, after, values)
	}
}
