package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"sync"
	"testing"
)

// memory is what a process holds, in bytes.
type memory struct {
	now, peak int // resident; several times as much with the race detector
	heap      int // what Go's heap has taken from the system
}

var (
	residentNow  = regexp.MustCompile(`VmRSS:\s+(\d+) kB`)
	residentPeak = regexp.MustCompile(`VmHWM:\s+(\d+) kB`)
	heapObjects  = regexp.MustCompile(`(?m)^# HeapAlloc = (\d+)`)
	stacksInUse  = regexp.MustCompile(`(?m)^# Stack = (\d+)`)
	heapSystem   = regexp.MustCompile(`(?m)^go_memstats_heap_sys_bytes (\S+)`)
	goroutines   = regexp.MustCompile(`(?m)^goroutine profile: total (\d+)`)
)

func (s *server) memory() memory {
	s.t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		s.t.Fatal(err)
	}
	return memory{
		now:  int(s.number(residentNow, string(status))) << 10,
		peak: int(s.number(residentPeak, string(status))) << 10,
		heap: int(s.number(heapSystem, s.fromAdmin("/metrics"))),
	}
}

// inUse is what Go's heap holds when garbage is collected, and how much goroutines have as
// stacks, in bytes.
func (s *server) inUse() (heap, stacks int) {
	s.t.Helper()
	const collected = "/debug/pprof/heap?gc=1&debug=1"
	s.fromAdmin(collected) // what lies in pools survives once
	text := s.fromAdmin(collected)
	return int(s.number(heapObjects, text)), int(s.number(stacksInUse, text))
}

// withoutRace is a Caddy without the race detector, which takes memory of its own.
func withoutRace(t *testing.T) (binary string) {
	t.Helper()
	if !withRace {
		return caddyBinary
	}
	binary, err := builtWithoutRace()
	if err != nil {
		t.Fatal(err)
	}
	return binary
}

var builtWithoutRace = sync.OnceValues(func() (string, error) {
	binary := filepath.Join(programs, "caddy-without-race")
	if out, err := exec.Command("go", "build", "-o", binary, caddyPackage).CombinedOutput(); err != nil {
		return "", fmt.Errorf("building %s: %w %s", caddyPackage, err, out)
	}
	return binary, nil
})

// goroutines is how many the process has.
func (s *server) goroutines() int {
	s.t.Helper()
	return int(s.number(goroutines, s.fromAdmin("/debug/pprof/goroutine?debug=1")))
}

// descriptors is how many files and connections the process has open.
func (s *server) descriptors() int {
	s.t.Helper()
	open, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", s.cmd.Process.Pid))
	if err != nil {
		s.t.Fatal(err)
	}
	return len(open)
}

func (s *server) number(pattern *regexp.Regexp, text string) float64 {
	s.t.Helper()
	found := pattern.FindStringSubmatch(text)
	if found == nil {
		s.t.Fatalf("no %v in %q", pattern, clip(text))
	}
	n, err := strconv.ParseFloat(found[1], 64)
	if err != nil {
		s.t.Fatal(err)
	}
	return n
}
