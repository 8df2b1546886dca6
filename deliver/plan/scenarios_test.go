package plan

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write the table in docs/deliver.md anew")

// simulated is a situation, and what may come of it.
type simulated struct {
	name     string
	interval time.Duration // between events, on average
	subjects int           // 0: they have none
	poison   func(n int) bool
	target   func(w *world, e *simEvent) (Outcome, time.Duration) // nil: healthy
	trouble  time.Duration                                        // when that is over; 0: never
	lasts    time.Duration
	strict   bool
	restarts time.Duration

	goodDead, disorder, most  int           // at most; most: attempts for an event
	longest, drained, deadMax time.Duration // at most; 0: whatever
}

// oneIn tells that every nth event is poison.
func oneIn(n int) func(int) bool { return func(i int) bool { return i%n == 0 } }

// sometimes has a share of the attempts, in percent, end with o.
func sometimes(percent int, o Outcome, took time.Duration) func(w *world, e *simEvent) (Outcome, time.Duration) {
	return func(w *world, e *simEvent) (Outcome, time.Duration) {
		if w.random.IntN(100) < percent {
			return o, took
		}
		return healthy(w, e)
	}
}

// flapping is down for the second half of each period, until the trouble is over.
func flapping(period time.Duration) func(w *world, e *simEvent) (Outcome, time.Duration) {
	return func(w *world, e *simEvent) (Outcome, time.Duration) {
		if since := w.now.Sub(w.began); since < w.trouble && since%period >= period/2 {
			return refused, 5 * time.Millisecond
		}
		return healthy(w, e)
	}
}

// hold answers an event that is poison so that nothing is sent for a minute.
func hold(w *world, e *simEvent) (Outcome, time.Duration) {
	if e.poison {
		return Outcome{Reached: true, Hold: time.Minute}, 5 * time.Millisecond
	}
	return healthy(w, e)
}

var situations = []simulated{
	{name: "all is well, 1 event a second", interval: time.Second, subjects: 100, lasts: day, longest: time.Second, most: 1},
	{name: "the same, and Caddy is restarted every hour", interval: time.Second, subjects: 100, lasts: day, restarts: time.Hour, longest: time.Second, most: 2},
	{name: "one poison event a day, 10 others", interval: day / 11, poison: oneIn(11), lasts: 90 * day, longest: 2 * time.Minute, most: 200, deadMax: 8 * day},
	{name: "one poison event a day, 100 others", interval: day / 101, poison: oneIn(101), lasts: 90 * day, longest: 2 * time.Minute, most: 60, deadMax: 5 * day},
	{name: "one poison event a day, 1,000 others, 20 subjects", interval: day / 1001, subjects: 20, poison: oneIn(1001), lasts: 90 * day, longest: 15 * time.Minute, most: 60, deadMax: 5 * day},
	{name: "five poison events in a row, one subject, 1 a minute", interval: time.Minute, subjects: 1, poison: func(n int) bool { return n > 1000 && n <= 1005 }, lasts: 10 * day, longest: 20 * time.Minute, most: 60, deadMax: 5 * day},
	{name: "one subject, 1 % poison, 1 a minute", interval: time.Minute, subjects: 1, poison: oneIn(100), lasts: 10 * day, longest: 15 * time.Minute, most: 60, deadMax: 5 * day},
	{name: "1 % of events are always refused, 6 a minute", interval: 10 * time.Second, poison: oneIn(100), lasts: 10 * day, longest: 2 * time.Minute, most: 60, deadMax: 5 * day},
	{name: "10 % of events are always refused, 6 a minute", interval: 10 * time.Second, poison: oneIn(10), lasts: 20 * day, longest: 3 * time.Minute, most: 150, deadMax: 15 * day},
	{name: "10 % of events are always refused, 10 a second", interval: 100 * time.Millisecond, poison: oneIn(10), lasts: 4 * time.Hour, longest: 3 * time.Minute, most: 60},
	{name: "500 to all for 6 hours, 100 subjects", interval: 10 * time.Second, subjects: 100, target: outage(day, day+6*time.Hour, refused), trouble: day + 6*time.Hour, lasts: 3 * day, disorder: 100, most: 30, drained: 5 * time.Minute},
	{name: "500 to all for 6 hours, one subject", interval: 10 * time.Second, subjects: 1, target: outage(day, day+6*time.Hour, refused), trouble: day + 6*time.Hour, lasts: 3 * day, disorder: 1, most: 30, drained: 5 * time.Minute},
	{name: "connection refused for 6 hours, one subject", interval: 10 * time.Second, subjects: 1, target: outage(day, day+6*time.Hour, failed), trouble: day + 6*time.Hour, lasts: 3 * day, most: 30, drained: 75 * time.Minute},
	{name: "500 to all for 6 hours, `order strict`", interval: 10 * time.Second, subjects: 10, strict: true, target: outage(day, day+6*time.Hour, refused), trouble: day + 6*time.Hour, lasts: 3 * day, most: 30, drained: 75 * time.Minute},
	{name: "401 to all for four weeks, 50 subjects", interval: 10 * time.Minute, subjects: 50, target: outage(day, 29*day, refused), trouble: 29 * day, lasts: 35 * day, disorder: 50, most: 700, drained: 5 * time.Minute},
	{name: "connection refused for four weeks, 50 subjects", interval: 10 * time.Minute, subjects: 50, target: outage(day, 29*day, failed), trouble: 29 * day, lasts: 35 * day, most: 700, drained: 5 * time.Minute},
	{name: "the same, and Caddy is restarted every hour", interval: 10 * time.Minute, subjects: 50, target: outage(day, 29*day, failed), trouble: 29 * day, lasts: 35 * day, restarts: time.Hour, most: 700, drained: 5 * time.Minute},
	{name: "up and down every 10 minutes for 3 days", interval: 10 * time.Second, subjects: 100, target: flapping(20 * time.Minute), trouble: 4 * day, lasts: 8 * day, disorder: 50_000, most: 100},
	{name: "429 with `Retry-After: 60`, one attempt in 1,000", interval: time.Second, subjects: 100, lasts: day, target: func(w *world, e *simEvent) (Outcome, time.Duration) {
		if w.random.IntN(1000) == 0 {
			return Outcome{Reached: true, Hold: time.Minute}, 5 * time.Millisecond
		}
		return healthy(w, e)
	}, longest: 10 * time.Minute, most: 10},
	{name: "one event is always answered so", interval: 10 * time.Second, subjects: 100, poison: func(n int) bool { return n == 1000 }, target: hold, lasts: 10 * day, longest: 10 * time.Minute, most: 40, deadMax: 5 * day},
	{name: "each answer takes 20 s, 6 events a minute", interval: 10 * time.Second, subjects: 100, target: sometimes(100, taken, 20*time.Second), lasts: 2 * day, longest: 5 * time.Minute, most: 1},
	{name: "20 % of attempts fail, at random", interval: time.Second, subjects: 100, target: sometimes(20, refused, 20*time.Millisecond), lasts: 2 * day, goodDead: 3, disorder: 50_000, most: 60},
	{name: "half of the attempts time out after 30 s", interval: 10 * time.Second, subjects: 100, target: sometimes(50, refused, 30*time.Second), lasts: 5 * day, goodDead: 100, disorder: 50_000, most: 100},
	{name: "60 % of attempts fail, at random", interval: 10 * time.Second, subjects: 100, target: sometimes(60, refused, 20*time.Millisecond), lasts: 5 * day, goodDead: 200, disorder: 50_000, most: 150},
}

// TestSimulation has the rules be what docs/deliver.md says of them.
func TestSimulation(t *testing.T) {
	var table strings.Builder
	table.WriteString("| Situation | Events | Attempts | Dead letters: poison, others | Longest wait of the others | Out of order | Drained after |\n| --- | --- | --- | --- | --- | --- | --- |\n")
	for _, s := range situations {
		if slow && s.lasts/s.interval > 20_000 {
			continue
		}
		r, w := s.run(1)
		s.check(t, r, w)
		longest, drained := rounded(r.longest), "–"
		if s.trouble > 0 {
			longest, drained = "–", rounded(r.drained)
		}
		fmt.Fprintf(&table, "| %s | %d | %d | %d, %d | %s | %d | %s |\n", s.name, r.came, r.attempts, r.dead-r.goodDead, r.goodDead, longest, r.disorder, drained)
	}
	table.WriteString("\n" + drain(t))
	if !slow {
		documented(t, table.String())
	}
}

func (s *simulated) run(seed uint64) (simResults, *world) {
	random := rand.New(rand.NewPCG(seed, 2))
	target := s.target
	if target == nil {
		target = healthy
	}
	w := &world{
		random: random, target: target, trouble: s.trouble, restarts: s.restarts,
		coming: every(s.interval, s.subjects, s.poison),
		plan:   New(Settings{Strict: s.strict, Concurrency: 8, Retry: DefaultRetry}, Memory{}, random),
	}
	return w.run(s.lasts), w
}

func (s *simulated) check(t *testing.T, r simResults, w *world) {
	t.Helper()
	exceeds := func(what string, got, most int) {
		if got > most {
			t.Errorf("%s: %s: %d, want %d at most", s.name, what, got, most)
		}
	}
	exceeds("dead letters that are not poison", r.goodDead, s.goodDead)
	exceeds("events out of order", r.disorder, s.disorder)
	exceeds("attempts for an event", r.most, s.most)
	for what, d := range map[string][2]time.Duration{
		"the longest wait of the others": {r.longest, s.longest}, "drained": {r.drained, s.drained}, "given up": {r.deadAfter, s.deadMax},
	} {
		if d[1] > 0 && d[0] > d[1] {
			t.Errorf("%s: %s after %s, want %s at most", s.name, what, d[0], d[1])
		}
	}
	if w.plan.Wake().IsZero() && w.plan.Len() > 0 && w.plan.inFlight == 0 {
		t.Errorf("%s: %d are undone, and it waits for nothing", s.name, w.plan.Len())
	}
	missing, unread := 0, len(w.unread)
	for _, e := range w.events {
		if _, undone := w.plan.StateOf(ID(e.id)); !e.over && !undone {
			missing++
		}
	}
	if w.next != nil {
		unread++
	}
	if missing != unread {
		t.Errorf("%s: %d events are neither taken nor given up nor undone, and %d not read yet", s.name, missing, unread)
	}
}

// drain returns how the rate grows after an outage.
func drain(t *testing.T) string {
	random := rand.New(rand.NewPCG(1, 3))
	w := &world{
		random: random, trouble: 7 * time.Hour, coming: every(time.Second, 1000, nil),
		plan: New(Settings{Concurrency: 32, Retry: DefaultRetry}, Memory{}, random),
	}
	answers := outage(time.Hour, 7*time.Hour, refused)
	w.target = func(w *world, e *simEvent) (Outcome, time.Duration) {
		o, _ := answers(w, e)
		return o, 100 * time.Millisecond
	}
	r := w.run(7*time.Hour + 10*time.Minute)
	if w.backAt.Sub(w.began) > w.trouble+2*time.Minute || r.drained > 5*time.Minute {
		t.Errorf("drained after %s", r.drained)
	}
	var b strings.Builder
	b.WriteString("Attempts begun once the first event is taken after six hours of 500 to all, with 1 event a second, `concurrency 32`, and each answer taking 100 ms:\n\n```\n")
	line := func(from, to string, n, scale int) {
		fmt.Fprintf(&b, "%5s - %-5s %5d %s\n", from, to, n, strings.Repeat("#", (n+scale-1)/scale))
	}
	for i, n := range r.first {
		if n > 2<<i { // for each that is taken two more
			t.Errorf("%d attempts in tenth %d of a second: a herd", n, i)
		}
		line(fmt.Sprintf("0.%d", i), fmt.Sprintf("%d.%d s", (i+1)/10, (i+1)%10), n, 1)
	}
	b.WriteByte('\n')
	for i, n := range r.rate {
		if n > 32*10 {
			t.Errorf("%d attempts in second %d, more than the concurrency allows", n, i)
		}
		if i < 3 || i%10 == 9 {
			line(fmt.Sprint(i), fmt.Sprintf("%d s", i+1), n, 10)
		}
	}
	b.WriteString("```\n")
	return b.String()
}

// rounded is to be read.
func rounded(d time.Duration) string {
	switch {
	case d < time.Second:
		return "< 1 s"
	case d < 2*time.Minute:
		return fmt.Sprintf("%d s", d/time.Second)
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min", d/time.Minute)
	default:
		return fmt.Sprintf("%d h", d/time.Hour)
	}
}

// documented has the page say so.
func documented(t *testing.T, table string) {
	const name, begin, end = "../../docs/deliver.md", "<!-- simulation -->\n", "<!-- /simulation -->"
	page, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(page), begin)
	old, after, closed := strings.Cut(rest, end)
	if !found || !closed {
		t.Fatalf("%s has no place for the table", name)
	}
	if *update {
		if err := os.WriteFile(name, []byte(before+begin+table+end+after), 0o600); err != nil {
			t.Fatal(err)
		}
	} else if old != table {
		t.Errorf("%s does not have what the simulation yields now (-update writes it):\n%s", name, table)
	}
}
