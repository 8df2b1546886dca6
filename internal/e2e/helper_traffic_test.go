package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// traffic is a number of senders that send tagged events until they are
// stopped, and remember which ones were acknowledged.
type traffic struct {
	t       *testing.T
	quit    chan struct{}
	senders sync.WaitGroup
	moment  func() int // of an acknowledgement, where a test has a clock of its own

	mu      sync.Mutex
	acked   []ack
	sent    int
	refused map[int]int // answers but 200
	failed  int         // no answer, the last one because of failure
	failure error
}

// ack is an event that was answered with 200.
type ack struct {
	tag          string
	began, ended time.Time
	moment       int
}

// traffic starts n senders to each of the URLs, each event on a connection of
// its own.
func (s *server) traffic(n int, urls ...string) *traffic {
	tr := newTraffic(s.t)
	for u, url := range urls {
		for i := range n {
			client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: patience}
			tr.from(fmt.Sprintf("%d-%d", u, i), url, func() *http.Client { return client })
		}
	}
	return tr
}

func newTraffic(t *testing.T) *traffic {
	return &traffic{t: t, quit: make(chan struct{}), refused: map[int]int{}}
}

// from starts one sender, which asks for a client before each event.
func (tr *traffic) from(sender, url string, client func() *http.Client) {
	tr.senders.Go(func() { tr.send(sender, url, client) })
}

func (tr *traffic) send(sender, url string, client func() *http.Client) {
	for i := 0; ; i++ {
		select {
		case <-tr.quit:
			return
		default:
		}
		tag := fmt.Sprintf("%s-%d", sender, i)
		began := time.Now()
		a, err := try(client(), http.MethodPost, url, strings.NewReader(tagged(tag)))
		done := ack{tag: tag, began: began, ended: time.Now()}
		if tr.moment != nil {
			done.moment = tr.moment()
		}
		tr.note(done, a, err)
		if err != nil {
			time.Sleep(5 * time.Millisecond) // nobody listens while a server starts
		}
	}
}

func (tr *traffic) note(done ack, a answer, err error) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.sent++
	switch {
	case err != nil:
		tr.failed, tr.failure = tr.failed+1, err
	case a.status != http.StatusOK:
		tr.refused[a.status]++
	default:
		tr.acked = append(tr.acked, done)
	}
}

// tagged is an event with a tag, of a size that varies with it. What stands before
// the number at its end is the subject.
func tagged(tag string) string {
	subject := ""
	if i := strings.LastIndex(tag, "-"); i > 0 {
		subject = fmt.Sprintf(`"TicketId":%q,`, tag[:i])
	}
	return fmt.Sprintf(`{"EventType":"tagged",%s"Tag":%q,"Pad":%q}`, subject, tag, strings.Repeat("x", len(tag)*17%300))
}

func (tr *traffic) stop() {
	close(tr.quit)
	tr.senders.Wait()
}

func (tr *traffic) count() int {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	return len(tr.acked)
}

// wait waits until n more events have been acknowledged.
func (tr *traffic) wait(n int) {
	tr.t.Helper()
	n += tr.count()
	eventually(tr.t, "traffic goes on", func() error {
		tr.mu.Lock()
		defer tr.mu.Unlock()
		if len(tr.acked) < n {
			return fmt.Errorf("%d of %d events are acknowledged; %v, %v", len(tr.acked), n, tr.refused, tr.failure)
		}
		return nil
	})
}

// refuses waits until n more events have been answered with 503.
func (tr *traffic) refuses(n int) {
	tr.t.Helper()
	refused := func() int {
		tr.mu.Lock()
		defer tr.mu.Unlock()
		return tr.refused[http.StatusServiceUnavailable]
	}
	n += refused()
	eventually(tr.t, "events are refused", func() error {
		if now := refused(); now < n {
			return fmt.Errorf("%d of %d", now, n)
		}
		return nil
	})
}

// wantNoRefusal checks that every answer was 200; there may be events without
// one.
func (tr *traffic) wantNoRefusal() {
	tr.t.Helper()
	if len(tr.refused) != 0 {
		tr.t.Errorf("answers but 200: %v", tr.refused)
	}
}

func (tr *traffic) wantNoFailure() {
	tr.t.Helper()
	tr.wantNoRefusal()
	if tr.failed != 0 {
		tr.t.Errorf("%d events without an answer: %v", tr.failed, tr.failure)
	}
}

// wantPrompt checks that nearly every answer came within a second: the machine
// is busy, too.
func (tr *traffic) wantPrompt() {
	tr.t.Helper()
	late, slowest := 0, time.Duration(0)
	for _, done := range tr.acked {
		took := done.ended.Sub(done.began)
		if slowest = max(slowest, took); took > time.Second {
			late++
		}
	}
	if late > 1+len(tr.acked)/20 {
		tr.t.Errorf("%d of %d events took more than a second, one %v", late, len(tr.acked), slowest)
	}
}

// wantEachOnce checks that every acknowledged event is in the lines exactly
// once, and that no line is anything else than an event that was sent.
func (tr *traffic) wantEachOnce(lines []string) {
	tr.t.Helper()
	if repeated := tr.wantEach(lines); len(repeated) != 0 {
		tr.t.Errorf("%d events are there more than once, such as %v", len(repeated), repeated[:min(5, len(repeated))])
	}
}

// wantEach is wantEachOnce where events may be repeated; it returns those.
func (tr *traffic) wantEach(lines []string) (repeated []string) {
	tr.t.Helper()
	times := map[string]int{}
	for i, line := range lines {
		tag, err := tagOf(line)
		if err != nil {
			tr.t.Fatalf("line %d: %v: %s", i+1, err, clip(line))
		}
		if times[tag]++; times[tag] == 2 {
			repeated = append(repeated, tag)
		}
	}
	if len(tr.acked) == 0 {
		tr.t.Error("no event was acknowledged")
	}
	var lost []string
	for _, done := range tr.acked {
		if times[done.tag] == 0 {
			lost = append(lost, done.tag)
		}
	}
	if len(lost) != 0 {
		tr.t.Errorf("%d of %d acknowledged events are lost, such as %v", len(lost), len(tr.acked), lost[:min(5, len(lost))])
	}
	slices.Sort(repeated)
	return repeated
}

// tagOf is the tag of a stored line, which must be whole.
func tagOf(line string) (string, error) {
	type body struct{ Tag, Pad string }
	var event struct {
		body
		SpecVersion string
		Data        *body
	}
	if err := json.Unmarshal([]byte(line), &event); err != nil {
		return "", err
	}
	data := event.body // format raw
	if event.Data != nil {
		if _, err := parseRecord(line); err != nil {
			return "", err
		}
		data = *event.Data
	}
	if data.Tag == "" || len(data.Pad) != len(data.Tag)*17%300 {
		return "", fmt.Errorf("no tagged event")
	}
	return data.Tag, nil
}
