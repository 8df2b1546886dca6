//go:build linux && powercut

package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

// lately is for how long an event that was taken may come again after a power cut: its
// cursor is saved once a second, which takes its time where many wait for the disk.
const lately = 2500 * time.Millisecond

// whoDeliver are the receivers, by their names, that deliver what they store.
var whoDeliver = []string{"gzip", "zstd"}

// outsider is an application that is not on the disk that is cut: what it has got it has. It
// refuses some events.
type outsider struct {
	*httptest.Server

	mu     sync.Mutex
	moment func() int
	sound  bool // it refuses nothing
	got    []got
}

// got is a request, and when it was answered.
type got struct {
	tag     string
	attempt int
	taken   bool
	at      time.Time
	moment  int
}

// newOutsider starts one, to which the machine delivers.
func (m *machine) newOutsider() {
	m.app = &outsider{}
	m.app.Server = httptest.NewServer(m.app)
	m.t.Cleanup(m.app.Close)
}

func (o *outsider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	tag, err := tagOf(string(body))
	if err != nil {
		tag = fmt.Sprintf("%q", err)
	}
	attempt, _ := strconv.Atoi(r.Header.Get("X-Webhook-Attempt"))
	o.mu.Lock()
	g := got{tag: tag, attempt: attempt, taken: o.sound || !isUnwanted(tag), at: time.Now(), moment: o.moment()}
	o.got = append(o.got, g)
	o.mu.Unlock()
	if !g.taken {
		w.WriteHeader(http.StatusUnprocessableEntity)
	}
}

// isUnwanted tells whether an event is one of those that it refuses.
func isUnwanted(tag string) bool {
	h := fnv.New32a()
	_, _ = io.WriteString(h, tag)
	return h.Sum32()%20 == 0
}

// begin forgets what it has got, and uses a clock for what comes.
func (o *outsider) begin(moment func() int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.moment, o.sound, o.got = moment, false, nil
}

// becomeSound has it refuse nothing any more.
func (o *outsider) becomeSound() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.sound = true
}

// requests are what it has got since it began.
func (o *outsider) requests() []got {
	if o == nil {
		return nil
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.got[:len(o.got):len(o.got)]
}

// past is what had happened when the power was cut, as others know it.
type past struct {
	acked map[string]bool          // by tag
	taken map[string]time.Duration // how long before the cut
	tried map[string]int           // the number of an attempt
}

func newPast() past { return past{map[string]bool{}, map[string]time.Duration{}, map[string]int{}} }

// until adds what has happened up to a moment, which was at that time.
func (p past) until(moment int, at time.Time, acked []ack, requests []got) past {
	p = past{maps.Clone(p.acked), maps.Clone(p.taken), maps.Clone(p.tried)}
	for _, a := range acked {
		if a.moment <= moment {
			p.acked[a.tag] = true
		}
	}
	for _, g := range requests {
		if g.moment > moment {
			continue
		}
		p.tried[g.tag] = max(p.tried[g.tag], g.attempt)
		if g.taken {
			p.taken[g.tag] = at.Sub(g.at)
		}
	}
	return p
}

// wantFewRepeats returns an error if an event has come again that was done long before the
// power was cut, or without a power cut. What is sent again as a dead letter may have been
// done more often.
func (m *machine) wantFewRepeats(p past, requests []got) error {
	seen := map[string]bool{}
	for _, g := range requests {
		if isUnwanted(g.tag) || !g.taken {
			continue
		}
		if seen[g.tag] {
			return fmt.Errorf("%s was delivered twice by one server", g.tag)
		}
		seen[g.tag] = true
		m.total.delivered++
		age, again := p.taken[g.tag]
		if !again {
			continue
		}
		if m.total.repeated++; age > lately {
			return fmt.Errorf("%s was delivered again, and had been %v before the power was cut", g.tag, age)
		}
		m.total.oldest = max(m.total.oldest, age)
	}
	return nil
}

// dead are the events in the dead letters, by tag.
func (m *machine) dead() (map[string]bool, error) {
	dead := map[string]bool{}
	for _, dir := range whoDeliver {
		content, err := os.ReadFile(m.path("disk", dir, "events.jsonl.app.dead.jsonl"))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, err
		}
		for line := range strings.Lines(string(content)) {
			if tag := quickTag(line); tag != "" {
				dead[tag] = true
			}
		}
	}
	return dead, nil
}

// wantDelivered waits until what was acknowledged is delivered, or in the dead letters, some of which
// are sent again, and returns an error if it never is, or if there was another fault.
func (m *machine) wantDelivered(p past) error {
	if m.rng.IntN(2) == 0 {
		m.retry()
	}
	err := m.undelivered(p)
	if err == nil {
		err = m.wantFewRepeats(p, m.app.requests())
	}
	return errors.Join(err, m.complaints())
}

// undelivered waits for that.
func (m *machine) undelivered(p past) (err error) {
	began := time.Now()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		var dead map[string]bool
		if dead, err = m.dead(); err != nil {
			return err
		}
		now := p.until(m.app.moment(), time.Now(), nil, m.app.requests())
		waiting := 0
		for tag := range p.acked {
			if _, taken := now.taken[tag]; taken || dead[tag] || strings.Contains(tag, "-plain-") {
				continue
			}
			if waiting++; now.tried[tag] < often || !isUnwanted(tag) {
				err = fmt.Errorf("%s was acknowledged, was tried %d times, and is neither delivered nor a dead letter", tag, now.tried[tag])
			}
		}
		if err == nil && waiting > 0 {
			if undone := m.undone(); waiting > undone {
				err = fmt.Errorf("%d events are neither delivered nor dead letters, and only %d are undone", waiting, undone)
			}
		}
		if err == nil {
			m.total.waiting += waiting
			m.total.slowest = max(m.total.slowest, time.Since(began))
			return nil
		}
	}
	return err
}

// often is how many times an event was tried that may wait for an hour.
const often = 10

// undone is how many events the deliveries have read that are neither delivered nor dead letters.
func (m *machine) undone() (n int) {
	m.t.Helper()
	var answer struct{ Deliveries []struct{ Undone int } }
	if err := json.Unmarshal([]byte(m.fromAdmin("/webhook_receiver/deliveries")), &answer); err != nil {
		m.t.Fatal(err)
	}
	for _, d := range answer.Deliveries {
		n += d.Undone
	}
	return n
}

// retry has the dead letters sent again.
func (m *machine) retry() {
	m.t.Helper()
	for _, name := range whoDeliver {
		m.askAdmin(http.MethodPost, "/webhook_receiver/deliveries/"+name+"/app/retry", "").want(m.t, http.StatusOK)
	}
}

// complaints returns an error if the server has logged one that does not come from refusals, such as
// that of a damaged cursor, or of events that are gone.
func (m *machine) complaints() error {
	for _, e := range m.entries(ours("error")) {
		switch e.field("msg") {
		case "an event was given up: it is in the dead letters", "the application is down: events wait for it":
		default:
			return fmt.Errorf("logged: %v", e)
		}
	}
	return nil
}
