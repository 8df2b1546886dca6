package cli

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"math/rand"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/reader"
)

// history is what happens to two journals, with replays in between.
type history struct {
	*replayed
	*rand.Rand
	orderly bool // the clock is not set back, and only the receiver rotates

	clock   time.Time
	n       int            // of the next event
	written map[string]int // how often an event is in the files, ever
	sent    map[string]int
	again   map[string]int  // how often an event may have been sent again after a kill
	last    [2]string       // the last lines that were written
	cut     [2]string       // what is missing of a line that is being written
	whole   map[string]bool // rotated files that were sent to their ends
	known   map[string]bool // files that were sent in part or whole while they were live
	of      map[string]int  // the journal of an event
	highest [2]int          // the event that was sent last
	gone    bool            // something may have been lost since the last run
}

var histories = flag.Int64("histories", 8, "how many histories TestReplayStateThroughAnything goes through")

var journals = [2]string{"a.jsonl", "b.jsonl"}

// TestReplayStateThroughAnything: whatever happens to the files, each event that
// a replay finds is sent, and not twice unless it was killed.
func TestReplayStateThroughAnything(t *testing.T) {
	defer func(every time.Duration) { saveEvery = every }(saveEvery)
	saveEvery = 2 * time.Millisecond
	for seed := range *histories {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			h := &history{
				replayed: newReplayed(t), Rand: rand.New(rand.NewSource(seed)), orderly: seed%2 == 0,
				clock:   time.Date(2026, 11, 23, 17, 4, 58, 0, time.UTC),
				written: map[string]int{}, sent: map[string]int{}, again: map[string]int{}, whole: map[string]bool{}, known: map[string]bool{}, of: map[string]int{},
			}
			for range 40 {
				h.step(t)
			}
			h.replay(t)
			if t.Failed() {
				return
			}
			for id, n := range h.sent {
				if most := h.written[id] + h.again[id]; n > most {
					t.Errorf("%s was sent %d times, and should have been %d times at most", id, n, most)
				}
			}
		})
	}
}

func (h *history) step(t *testing.T) {
	j := h.Intn(2)
	files := h.files(t)
	switch p := h.Intn(100); {
	case p < 40:
		h.write(t, j)
	case p < 55:
		h.rotate(t, j)
	case p < 65:
		if len(files) > 0 {
			h.squeeze(t, files[h.Intn(len(files))])
		}
	case p < 70:
		if len(files) > 0 {
			name := files[h.Intn(len(files))]
			if slices.Contains(journals[:], name) {
				h.cut[slices.Index(journals[:], name)] = ""
			}
			h.gone = h.gone || !h.whole[name]
			delete(h.whole, name)
			delete(h.known, name)
			h.remove(t, name)
		}
	default:
		h.replay(t)
	}
}

func (h *history) files(t *testing.T) (names []string) {
	paths, err := filepath.Glob(filepath.Join(h.dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		names = append(names, filepath.Base(path))
	}
	return names
}

// write appends to a journal: new events, some that were there before, and the
// beginning of one.
func (h *history) write(t *testing.T, j int) {
	text := h.cut[j]
	h.cut[j] = ""
	if text != "" && h.Intn(3) == 0 {
		text = "\n" // it was torn by a crash, and healed
	} else if text != "" {
		h.written[idIn(h.last[j])]++
	}
	if h.last[j] != "" && h.Intn(8) == 0 {
		text += h.last[j]
		h.written[idIn(h.last[j])]++
	}
	for range 1 + h.Intn(4) {
		line := eventLine(h.n)
		h.n++
		h.last[j] = line
		h.of[idIn(line)] = j
		if h.Intn(12) == 0 {
			half := 1 + h.Intn(len(line)-2)
			text, h.cut[j] = text+line[:half], line[half:]
			break
		}
		h.written[idIn(line)]++
		text += line
	}
	h.append(t, journals[j], text)
}

// idIn returns the id in a line of eventLine.
func idIn(line string) string {
	return strings.Split(line, `"`)[7]
}

func (h *history) rotate(t *testing.T, j int) {
	if _, err := os.Stat(filepath.Join(h.dir, journals[j])); errors.Is(err, fs.ErrNotExist) {
		return
	}
	h.clock = h.clock.Add(time.Duration(1+h.Intn(5000)) * time.Millisecond)
	if !h.orderly && h.Intn(4) == 0 {
		h.clock = h.clock.Add(-time.Duration(h.Intn(100_000)) * time.Millisecond)
	}
	h.cut[j] = ""
	for {
		name := strings.TrimSuffix(journals[j], ".jsonl") + h.clock.Format("-2006-01-02T15-04-05.000.jsonl")
		if !h.orderly && h.Intn(4) == 0 { // logrotate
			stem, ext := journals[j], ""
			if h.Intn(2) == 0 { // with its option extension
				stem, ext = strings.TrimSuffix(stem, ".jsonl"), ".jsonl"
			}
			name = stem + h.clock.Format("-20060102-150405") + ext
		}
		if !exists(filepath.Join(h.dir, name)) {
			h.rename(t, journals[j], name)
			h.known[name] = h.known[journals[j]]
			delete(h.known, journals[j])
			delete(h.whole, journals[j])
			delete(h.whole, name)
			delete(h.whole, name+".gz")
			return
		}
		h.clock = h.clock.Add(time.Second)
	}
}

func (h *history) squeeze(t *testing.T, name string) {
	if slices.Contains(journals[:], name) || strings.HasSuffix(name, ".gz") {
		return
	}
	h.compress(t, name, ".gz")
	h.whole[name+".gz"] = h.whole[name]
}

// replay runs one, which may be killed, or meet a target that fails, or find its
// state damaged.
func (h *history) replay(t *testing.T) {
	if len(h.files(t)) == 0 {
		return
	}
	before, _ := os.ReadFile(h.state)
	if before != nil && h.Intn(10) == 0 {
		write(t, h.state, string(before[:h.Intn(len(before)-2)]))
		if _, err := h.run(t); err == nil || !strings.Contains(err.Error(), "not a state of replay") {
			t.Fatalf("with a damaged state: %v", err)
		}
		h.want(t)
		write(t, h.state, string(before))
	}
	stopAt, kill := -1, false
	if h.Intn(3) == 0 {
		stopAt, kill = h.Intn(6), h.Intn(2) == 0
	}
	n := 0
	var left []byte // by a kill
	h.mu.Lock()
	h.answer = func(string, int) int {
		n++
		if stopAt < 0 || n <= stopAt {
			return 200
		}
		if kill && n == stopAt+1 {
			left, _ = os.ReadFile(h.state)
			return 200
		}
		return 400
	}
	h.mu.Unlock()
	notes, err := h.run(t)
	h.mu.Lock()
	got := h.got
	h.got = nil
	h.mu.Unlock()
	for _, id := range got {
		h.sent[id]++
	}
	if h.orderly {
		h.mustBeInOrder(t, got)
	}
	switch {
	case err == nil:
		h.mustBeSent(t, left == nil)
	case strings.Contains(err.Error(), "is in none of the files"):
		if !h.gone {
			t.Fatalf("nothing is missing: %v", err)
		}
		if len(got) > 0 {
			t.Fatalf("%v were sent: %v", got, err)
		}
		h.goOnWithout(t, err.Error())
		return
	case strings.Contains(err.Error(), "answered 400") && stopAt >= 0:
	default:
		t.Fatalf("%v %s", err, notes)
	}
	h.gone = false
	if left != nil {
		write(t, h.state, string(left))
		for _, id := range got {
			h.again[id]++
		}
	}
}

// goOnWithout does what the error says: it takes a file out of the state.
func (h *history) goOnWithout(t *testing.T, text string) {
	path, _, _ := strings.Cut(text, ", of which")
	content, err := os.ReadFile(h.state)
	var s state
	if err == nil {
		err = json.Unmarshal(content, &s)
	}
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range s.Files {
		if p.File == path && !p.Complete {
			s.Files = slices.Delete(s.Files, i, i+1)
			break
		}
	}
	if content, err = json.Marshal(&s); err != nil {
		t.Fatal(err)
	}
	write(t, h.state, string(content))
}

// mustBeSent makes sure that whatever is in the files was sent at some time, and
// notes what the state must know of them, if it was not lost by a kill.
func (h *history) mustBeSent(t *testing.T, saved bool) {
	for _, name := range h.files(t) {
		lines, err := reader.Open(filepath.Join(h.dir, name))
		if err != nil {
			t.Fatal(err)
		}
		_ = lines.Each(func(l reader.Line) error {
			if kind, e, _ := reader.Parse(l); kind == reader.Stored && h.sent[e.ID] == 0 {
				t.Errorf("%s, in %s, was not sent", e.ID, name)
			} else if kind == reader.Stored && saved && slices.Contains(journals[:], name) {
				h.known[name] = true
			}
			return nil
		})
		lines.Close()
		_, rotated := reader.JournalOf(name)
		h.whole[name] = h.whole[name] || saved && (rotated != reader.NeverRotated || strings.HasSuffix(name, ".gz") ||
			!slices.Contains(journals[:], name) && h.known[name])
	}
}

// mustBeInOrder looks at the events that were sent for the first time.
func (h *history) mustBeInOrder(t *testing.T, got []string) {
	for _, id := range got {
		var n int
		if _, err := fmt.Sscanf(id, "id-%d", &n); err != nil {
			t.Fatal(err)
		}
		if h.sent[id] > 1 || h.written[id] > 1 {
			continue
		}
		j := h.of[id]
		if n < h.highest[j] {
			t.Errorf("%s was sent after id-%d, and is before it in %s", id, h.highest[j], journals[j])
		}
		h.highest[j] = n
	}
}
