package e2e

import (
	"bufio"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

var backlog = flag.Int("backlog", 50_000, "how many events TestDeliveryBacklog has waiting")

// TestDeliveryBacklog starts with many events waiting: the first is delivered soon, and memory
// does not grow with them.
func TestDeliveryBacklog(t *testing.T) {
	s := newServer(t)
	app := s.application()
	s.configure(site("verify_token "+rightToken, "output file {$DIR}/a/events.jsonl", app.deliver()))
	s.start()
	s.post(tagged("subject0-0")).wantStored(t)
	app.wantTags([]string{"subject0-0"}, patience)
	idle := s.memory().now
	s.terminate()
	s.stopped()
	s.multiply(*backlog)

	began := time.Now()
	s.start()
	app.gets(1)
	first := app.requests()[1].at.Sub(began)
	most := 2 * time.Second
	if withRace {
		most *= 4
	}
	if first > most {
		t.Errorf("the first of %d events came %v after the start, more than %v", *backlog, first, most)
	}
	var resident []int
	within(t, 30*time.Minute, "all are delivered", func() error {
		resident = append(resident, s.memory().now)
		time.Sleep(200 * time.Millisecond)
		if n := len(app.taken()) - 1; n < *backlog {
			return fmt.Errorf("%d", n)
		}
		return nil
	})
	last := app.taken()[*backlog].at
	app.wantOrder()
	if repeated := len(app.taken()) - len(app.firsts()); repeated != 0 {
		t.Errorf("%d events came more than once", repeated)
	}
	wantFlat(t, "resident (bytes)", resident, 40<<20)
	t.Logf("%d events: the first after %v, all at %.0f in a second; resident %d MiB before", *backlog, first.Round(time.Millisecond),
		float64(*backlog)/last.Sub(began.Add(first)).Seconds(), idle>>20)
}

// multiply adds so many events to the file, each like the one in it but of its own tag, id
// and subject.
func (s *server) multiply(n int) {
	s.t.Helper()
	path := s.path("a", "events.jsonl")
	line := lines(s.t, path)[0]
	r, err := parseRecord(line)
	if err != nil {
		s.t.Fatal(err)
	}
	file, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		s.t.Fatal(err)
	}
	defer file.Close()
	w := bufio.NewWriter(file)
	old := tagged("subject0-0")
	for i := 1; i <= n; i++ {
		subject := fmt.Sprintf("subject%d", i%1000)
		fmt.Fprintln(w, strings.NewReplacer(
			r.id(), fmt.Sprintf("%s%012x", r.id()[:24], i), `"subject":"subject0"`, fmt.Sprintf(`"subject":%q`, subject),
			old, tagged(fmt.Sprintf("%s-%d", subject, i)),
		).Replace(line))
	}
	if err := w.Flush(); err != nil {
		s.t.Fatal(err)
	}
	if err := file.Sync(); err != nil {
		s.t.Fatal(err)
	}
}
