package e2e

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
)

// memory is what a process holds, in bytes.
type memory struct {
	now, peak int // resident; several times as much with the race detector
	heap      int // what Go's heap has taken from the system
}

var (
	residentNow  = regexp.MustCompile(`VmRSS:\s+(\d+) kB`)
	residentPeak = regexp.MustCompile(`VmHWM:\s+(\d+) kB`)
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
