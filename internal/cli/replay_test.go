package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/reader"
)

func TestMain(m *testing.M) {
	for i := range retryWaits {
		retryWaits[i] = time.Millisecond
	}
	os.Exit(m.Run())
}

// target takes events, and answers as it is told.
type target struct {
	*httptest.Server
	mu     sync.Mutex
	got    []string // ids, in order
	times  []time.Time
	last   http.Header
	body   string
	answer func(id string, n int) int // n is how many requests came for it before
	seen   map[string]int
}

func newTarget(t *testing.T) *target {
	t.Helper()
	g := &target{answer: func(string, int) int { return http.StatusAccepted }, seen: map[string]int{}}
	g.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		g.mu.Lock()
		defer g.mu.Unlock()
		id := r.Header.Get("Ce-Id")
		status := g.answer(id, g.seen[id])
		g.seen[id]++
		if status < 300 {
			g.got, g.times, g.last, g.body = append(g.got, id), append(g.times, time.Now()), r.Header, string(body)
		}
		if status == http.StatusFound {
			w.Header().Set("Location", "/elsewhere")
		}
		w.WriteHeader(status)
	}))
	t.Cleanup(g.Close)
	return g
}

func (g *target) want(t *testing.T, ids ...string) {
	t.Helper()
	g.mu.Lock()
	defer g.mu.Unlock()
	if got, want := strings.Join(g.got, " "), strings.Join(ids, " "); got != want {
		t.Errorf("the target got %s, want %s", got, want)
	}
	g.got = nil
}

func ids(from, to int) (list []string) {
	for n := from; n < to; n++ {
		list = append(list, fmt.Sprintf("id-%d", n))
	}
	return list
}

func TestReplay(t *testing.T) {
	g := newTarget(t)
	dir := t.TempDir()
	one := write(t, filepath.Join(dir, "events-1.jsonl.gz"), compressed(t, ".gz", eventLines(0, 3)))
	two := write(t, filepath.Join(dir, "events-2.jsonl.zst"), compressed(t, ".zst", "\n"+eventLines(3, 6)))
	three := write(t, filepath.Join(dir, "events.jsonl"), eventLines(6, 8)+eventLine(8)[:50]+"\n"+eventLine(9)+eventLine(10)[:20])
	files := []string{three, one, two} // not their order
	all := append(ids(0, 8), "id-9")

	for _, test := range []struct {
		args []string
		want []string
	}{
		{nil, all},
		{[]string{"--since", stamp(3)}, append(ids(3, 8), "id-9")},
		{[]string{"--until", stamp(3)}, ids(0, 3)},
		{[]string{"--since", "2026-11-23", "--until", "2026-11-24"}, all},
		{[]string{"--since", "2026-11-24"}, nil},
		{[]string{"--type", "kind1"}, []string{"id-1", "id-3", "id-5", "id-7", "id-9"}},
		{[]string{"--type", "kind1", "--type", "kind0", "--since", stamp(6)}, append(ids(6, 8), "id-9")},
		{[]string{"--id", "id-4", "--id", "id-2"}, []string{"id-2", "id-4"}},
		{[]string{"--id", "id-4", "--type", "kind1"}, nil},
		{[]string{"--dry-run"}, nil},
	} {
		out, notes, err := webhook(append(append([]string{"replay", "--to", g.URL}, test.args...), files...)...)
		if err != nil {
			t.Errorf("%v: %v %s", test.args, err, notes)
		}
		g.want(t, test.want...)
		mustContain(t, notes, "2 torn lines")
		if len(test.args) > 0 && test.args[0] == "--dry-run" {
			mustContain(t, notes, "9 events would be sent")
			if strings.Count(out, "\n") != 9 {
				t.Errorf("a dry run shows %s", out)
			}
		} else {
			mustContain(t, notes, fmt.Sprintf("%d events sent", len(test.want)))
		}
	}
	for _, args := range [][]string{
		{"--to", "nowhere", one},
		{"--to", "ftp://a", one},
		{one},
		{"--to", g.URL},
		{"--to", g.URL, one, "--since", "soon"},
		{"--to", g.URL, one, "--rate", "-1"},
		{"--to", g.URL, one, filepath.Join(dir, "none")},
	} {
		if _, _, err := webhook(append([]string{"replay"}, args...)...); err == nil {
			t.Errorf("%v: no error", args)
		}
	}
	g.want(t)
}

func TestReplayPassesOverWhatIsNoCloudEvent(t *testing.T) {
	g := newTarget(t)
	path := file(t, "a", eventLine(0)+"{}\nx\n"+eventLine(1))
	_, notes, err := webhook("replay", "--to", g.URL, path)
	if err == nil || !strings.Contains(err.Error(), "2 lines are no CloudEvents") {
		t.Errorf("%v", err)
	}
	mustContain(t, notes, "line 2: no CloudEvent", "line 3: not valid JSON")
	g.want(t, "id-0", "id-1")
}

func TestReplayTriesAgain(t *testing.T) {
	path := file(t, "a", eventLines(0, 5))
	for _, status := range []int{500, 503, 429, 408} {
		g := newTarget(t)
		g.answer = func(id string, n int) int {
			if id == "id-2" && n < len(retryWaits) {
				return status
			}
			return http.StatusOK
		}
		if _, notes, err := webhook("replay", "--to", g.URL, path); err != nil || !strings.Contains(notes, fmt.Sprint("answered ", status)) {
			t.Errorf("%d: %v %s", status, err, notes)
		}
		g.want(t, ids(0, 5)...)
	}
	for status, requests := range map[int]int{503: len(retryWaits) + 1, 400: 1, 401: 1, 302: 1, 404: 1} {
		g := newTarget(t)
		g.answer = func(id string, _ int) int {
			if id == "id-2" {
				return status
			}
			return http.StatusOK
		}
		_, notes, err := webhook("replay", "--to", g.URL, path)
		if err == nil || !strings.Contains(err.Error(), fmt.Sprint("answered ", status)) || !strings.Contains(err.Error(), "id-2") {
			t.Errorf("%d: %v %s", status, err, notes)
		}
		g.want(t, "id-0", "id-1")
		if g.seen["id-2"] != requests {
			t.Errorf("%d: %d attempts, want %d", status, g.seen["id-2"], requests)
		}
	}
	// No error shows what may be a secret in the URL.
	g := newTarget(t)
	g.Close()
	_, notes, err := webhook("replay", "--to", strings.Replace(g.URL, "http://", "http://me:geheim@", 1)+"?key=geheim", path)
	if err == nil || strings.Contains(notes+err.Error(), "geheim") {
		t.Errorf("%v %s", err, notes)
	}
}

func TestReplayRate(t *testing.T) {
	g := newTarget(t)
	began := time.Now() // not when the first arrives: its connection takes a while
	if _, _, err := webhook("replay", "--to", g.URL, "--rate", "50", file(t, "a", eventLines(0, 21))); err != nil {
		t.Fatal(err)
	}
	if took := g.times[20].Sub(began); took < 400*time.Millisecond {
		t.Errorf("twenty events after the first took %v, want 400ms", took)
	}
}

func TestReplayState(t *testing.T) {
	g := newTarget(t)
	dir := t.TempDir()
	path := write(t, filepath.Join(dir, "events.jsonl"), eventLines(0, 5))
	remembered := filepath.Join(dir, "state")
	failing := true
	g.answer = func(id string, _ int) int {
		if id == "id-3" && failing {
			return 400
		}
		return 200
	}
	replay := func(args ...string) (string, error) {
		_, notes, err := webhook(append([]string{"replay", "--to", g.URL + "/x?key=geheim", "--state", remembered}, args...)...)
		return notes, err
	}
	if _, err := replay(path); err == nil {
		t.Error("no error")
	}
	g.want(t, ids(0, 3)...)
	failing = false
	if _, err := replay("--dry-run", path); err != nil {
		t.Error(err)
	}
	g.want(t)

	// It goes on after the last one, wherever that is by now.
	rotated := write(t, filepath.Join(dir, "events-1.jsonl.gz"), compressed(t, ".gz", eventLines(0, 5)))
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	write(t, path, eventLines(5, 7))
	if _, err := replay(path, rotated); err != nil {
		t.Error(err)
	}
	g.want(t, ids(3, 7)...)
	if notes, err := replay(path, rotated); err != nil || !strings.Contains(notes, "0 events sent") {
		t.Errorf("%v %s", err, notes)
	}
	g.want(t)
	content, err := os.ReadFile(remembered)
	var s state
	if err != nil || json.Unmarshal(content, &s) != nil || s.LastID != "id-6" || s.Sent != 7 || strings.Contains(string(content), "geheim") {
		t.Errorf("%v %s", err, content)
	}

	// What it cannot tell, it does not guess.
	write(t, path, eventLines(7, 8))
	if _, err := replay(path, rotated); err == nil || !strings.Contains(err.Error(), reader.Absolute(path)+", of which the first 372 bytes were sent, is in none of the files") || !strings.Contains(err.Error(), "take it out of "+remembered) {
		t.Errorf("%v", err)
	}
	if _, _, err := webhook("replay", "--to", g.URL+"/y", "--state", remembered, path); err == nil || !strings.Contains(err.Error(), "use another file") {
		t.Errorf("%v", err)
	}
	write(t, remembered, "{")
	if _, err := replay(path); err == nil {
		t.Error("no error for a state that is damaged")
	}
	g.want(t)
	if left, _ := filepath.Glob(filepath.Join(dir, "*.tmp")); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
	if _, _, err := webhook("replay", "--to", g.URL, "--state", filepath.Join(dir, "none", "state"), path); err == nil {
		t.Error("no error for a state that cannot be saved")
	}
	g.want(t)
}

// TestReplayFindsRotatedFiles: those of a live file are sent, whether they are given
// or not; and one that was rotated after they were found would never be, so it is
// missed.
func TestReplayFindsRotatedFiles(t *testing.T) {
	g := newTarget(t)
	dir := t.TempDir()
	rotated := func(n int) string {
		return write(t, filepath.Join(dir, fmt.Sprintf("events-2026-11-23T17-04-58.%03d.jsonl", n)), eventLine(n))
	}
	one, two, three := rotated(1), rotated(2), rotated(3)
	current := write(t, filepath.Join(dir, "events.jsonl"), eventLine(4))
	write(t, filepath.Join(dir, "events.app.dead.jsonl"), eventLine(5))
	for i, args := range [][]string{{one, two, current}, {current, one}, {current}, {dir}} {
		state := filepath.Join(t.TempDir(), "state")
		if i == 3 {
			state = filepath.Join(dir, "state")
		}
		for range 2 { // the second time there is nothing left
			if _, _, err := webhook(append([]string{"replay", "--to", g.URL, "--state", state}, args...)...); err != nil {
				t.Errorf("%v: %v", args, err)
			}
		}
		g.want(t, "id-1", "id-2", "id-3", "id-4")
	}
	if _, _, err := webhook("replay", "--to", g.URL, one, three); err != nil { // which need not be all
		t.Error(err)
	}
	g.want(t, "id-1", "id-3")
	if files, err := openInOrder([]string{one, two, current}); err != nil {
		t.Error(err)
	} else if err := checkComplete(files); err == nil || !strings.Contains(err.Error(), "belongs between") {
		t.Errorf("%v", err)
	} else {
		closeAll(files)
	}

	// One that is compressed by now, and one that is rotated after it was opened.
	write(t, three+".gz", compressed(t, ".gz", eventLine(3)))
	files, err := openInOrder([]string{two, three, current})
	if err != nil {
		t.Fatal(err)
	}
	defer closeAll(files)
	if err := os.Remove(three); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(current, filepath.Join(dir, "events-2026-11-23T17-04-58.004.jsonl")); err != nil {
		t.Fatal(err)
	}
	rotated(5)
	if err := checkComplete(files); err != nil {
		t.Error(err)
	}
}

// TestReplayOfWhatItCauses sends events to the receiver that stores them in the
// file that is being sent.
func TestReplayOfWhatItCauses(t *testing.T) {
	path := file(t, "a", eventLines(0, 3))
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	g := newTarget(t)
	g.answer = func(string, int) int { _, _ = f.WriteString(eventLine(9)); return 200 }
	if _, notes, err := webhook("replay", "--to", g.URL, path); err != nil || strings.Contains(notes, "torn") {
		t.Errorf("%v %s", err, notes)
	}
	g.want(t, ids(0, 3)...)
}

func TestReplayIsInterrupted(t *testing.T) {
	g := newTarget(t)
	ctx, cancel := context.WithCancel(context.Background())
	g.answer = func(string, int) int { time.AfterFunc(100*time.Millisecond, cancel); return 200 }
	remembered := filepath.Join(t.TempDir(), "state")
	var out, notes buffer
	err := runIn(ctx, &out, &notes, "replay", "--to", g.URL, "--state", remembered, "--rate", "0.01", file(t, "a", eventLines(0, 5)))
	if err == nil || !strings.Contains(err.Error(), "interrupted") {
		t.Errorf("%v", err)
	}
	content, _ := os.ReadFile(remembered)
	mustContain(t, string(content), `"id-0"`)
}

func TestParseTime(t *testing.T) {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]string{
		"2026-11-23T17:04:58.5Z": "2026-11-23T17:04:58.5Z", "2026-11-23T17:04:58+01:00": "2026-11-23T16:04:58Z",
		"2026-11-23": "2026-11-23T00:00:00Z", "90m": "2026-11-24T10:30:00Z", "2d": "2026-11-22T12:00:00Z",
	} {
		if got, err := parseTime(text, now, time.UTC); err != nil || got.UTC().Format(time.RFC3339Nano) != want {
			t.Errorf("%s is %v (%v), want %s", text, got, err, want)
		}
	}
	for _, text := range []string{"x", "23.11.2026", "-1h", "2026-13-01", "12"} {
		if got, err := parseTime(text, now, time.UTC); err == nil {
			t.Errorf("%s is %v", text, got)
		}
	}
}

func TestOrderOfFiles(t *testing.T) {
	dir := t.TempDir()
	at := func(name string, n int) string { return write(t, filepath.Join(dir, name), eventLine(n)) }
	want := []string{
		// Of a journal as they were rotated, whatever the times of the events.
		at("a-2026-11-23T17-04-58.123.jsonl.gz", 5), at("a-2026-11-23T17-04-58.124.jsonl", 1), at("a.jsonl", 3),
		// Of others by their first events.
		at("unknown", 7), at("b-2026-11-23T17-04-58.123", 9), at("b-2026-11-23T17-04-59.000.zst", 8), at("b", 6), at("unknown.2", 10),
	}
	for range 10 {
		given := slices.Clone(want)
		rand.Shuffle(len(given), func(i, j int) { given[i], given[j] = given[j], given[i] })
		files, err := openInOrder(given)
		if err != nil {
			t.Fatal(err)
		}
		for i, f := range files {
			if f.Name() != want[i] {
				t.Errorf("%s is in place %d, want %s", f.Name(), i, want[i])
			}
		}
		closeAll(files)
	}
}

// TestWhileAFileIsCompressed: a file of which there are several forms counts
// once, and one that is compressed after the shell has found its name is found.
func TestWhileAFileIsCompressed(t *testing.T) {
	dir := t.TempDir()
	one := filepath.Join(dir, "events-2026-11-23T17-04-58.001.jsonl")
	two := filepath.Join(dir, "events-2026-11-23T17-04-58.002.jsonl")
	current := write(t, filepath.Join(dir, "events.jsonl"), eventLine(3))
	write(t, one, eventLine(1))
	write(t, one+".gz", compressed(t, ".gz", eventLine(1)))
	write(t, one+".0badcafe.tmp", compressed(t, ".gz", eventLine(1))[:20])
	write(t, two+".zst", compressed(t, ".zst", eventLine(2)))
	write(t, one+".gz.tmp", compressed(t, ".gz", eventLine(1))[:20]) // another program's
	files := []string{one + ".0badcafe.tmp", one + ".gz.tmp", one, one + ".gz", two, current}

	out, notes, err := webhook(append([]string{"check"}, files...)...)
	if err != nil || !strings.Contains(out, "repeated ids: 0") || !strings.Contains(out, "     3    0     0        0") {
		t.Errorf("%v %s\n%s", err, notes, out)
	}
	g := newTarget(t)
	if _, notes, err := webhook(append([]string{"replay", "--to", g.URL, "--state", filepath.Join(dir, "state")}, files...)...); err != nil {
		t.Errorf("%v %s", err, notes)
	}
	g.want(t, ids(1, 4)...)
	if out, _, err := webhook("tail", "--json", two); err != nil || out != eventLine(2) {
		t.Errorf("%v %s", err, out)
	}
	if got := reader.Distinct([]string{"a", "a.gz", "a.tmp", "b", "./a", "b"}); len(got) != 4 {
		t.Errorf("%v of four files that are not of a journal", got)
	}
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	original := filepath.Join(here, "events-2026-11-23T17-04-58.001.jsonl")
	if got := reader.Distinct([]string{filepath.Base(original) + ".gz", original}); len(got) != 1 || got[0] != original {
		t.Errorf("%v, want the original", got)
	}
}
