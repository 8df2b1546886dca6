package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/files"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/reader"
)

// replayed is a target, and a directory with journals and the state of a replay.
type replayed struct {
	*target
	dir, state string
}

func newReplayed(t *testing.T) *replayed {
	dir := t.TempDir()
	return &replayed{newTarget(t), dir, filepath.Join(t.TempDir(), "state")}
}

// run replays all files of the directory.
func (r *replayed) run(t *testing.T, args ...string) (notes string, err error) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(r.dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	_, notes, err = webhook(append(append([]string{"replay", "--to", r.URL, "--state", r.state}, args...), files...)...)
	return notes, err
}

func (r *replayed) mustRun(t *testing.T, want ...string) {
	t.Helper()
	if notes, err := r.run(t); err != nil {
		t.Errorf("%v %s", err, notes)
	}
	r.want(t, want...)
}

func (r *replayed) append(t *testing.T, name, content string) {
	t.Helper()
	f, err := os.OpenFile(filepath.Join(r.dir, name), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err == nil {
		_, err = f.WriteString(content)
	}
	if err != nil {
		t.Fatal(err)
	}
	_ = f.Close()
}

func (r *replayed) rename(t *testing.T, from, to string) {
	t.Helper()
	if err := os.Rename(filepath.Join(r.dir, from), filepath.Join(r.dir, to)); err != nil {
		t.Fatal(err)
	}
}

// compress leaves a file in its compressed form only.
func (r *replayed) compress(t *testing.T, name, suffix string) {
	t.Helper()
	path := filepath.Join(r.dir, name)
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	write(t, path+suffix, compressed(t, suffix, string(content)))
	r.remove(t, name)
}

func (r *replayed) remove(t *testing.T, name string) {
	t.Helper()
	if err := os.Remove(filepath.Join(r.dir, name)); err != nil {
		t.Fatal(err)
	}
}

// mustFail runs a replay that sends nothing.
func (r *replayed) mustFail(t *testing.T, want ...string) {
	t.Helper()
	notes, err := r.run(t)
	if err == nil {
		t.Errorf("no error: %s", notes)
	} else {
		mustContain(t, err.Error(), want...)
	}
	r.want(t)
}

// files returns the names of the files that the state knows.
func (r *replayed) files(t *testing.T) string {
	t.Helper()
	var s state
	content, err := os.ReadFile(r.state)
	if err == nil {
		err = json.Unmarshal(content, &s)
	}
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, p := range s.Files {
		names = append(names, filepath.Base(p.File))
	}
	return strings.Join(names, " ")
}

func TestReplayStateOfSeveralJournals(t *testing.T) {
	r := newReplayed(t)
	r.append(t, "a.jsonl", eventLine(0))
	r.append(t, "b.jsonl", eventLine(1))
	r.mustRun(t, "id-0", "id-1")
	r.append(t, "a.jsonl", eventLine(2))
	r.append(t, "b.jsonl", eventLine(3))
	r.mustRun(t, "id-2", "id-3")
	r.append(t, "a.jsonl", eventLine(4))
	r.mustRun(t, "id-4")
	r.append(t, "c.jsonl", eventLine(5)) // one that is new
	r.mustRun(t, "id-5")
	r.mustRun(t)
}

func TestReplayStateWithClockSetBack(t *testing.T) {
	r := newReplayed(t)
	r.append(t, "events.jsonl", eventLine(0))
	r.rename(t, "events.jsonl", "events-2026-11-23T17-04-58.001.jsonl")
	r.append(t, "events.jsonl", eventLine(1))
	r.mustRun(t, "id-0", "id-1")
	r.append(t, "events.jsonl", eventLine(2))
	r.rename(t, "events.jsonl", "events-2026-11-22T17-04-58.001.jsonl")
	r.append(t, "events.jsonl", eventLine(3))
	r.mustRun(t, "id-2", "id-3")
	r.compress(t, "events-2026-11-22T17-04-58.001.jsonl", ".gz")
	r.mustRun(t)
}

// TestReplayStateWithRepeatedIDs: a provider's delivery ids come again when it
// repeats a delivery.
func TestReplayStateWithRepeatedIDs(t *testing.T) {
	r := newReplayed(t)
	lines := eventLines(0, 3) + eventLine(0)
	r.append(t, "events.jsonl", lines)
	r.mustRun(t, "id-0", "id-1", "id-2", "id-0")
	r.mustRun(t)
	r.rename(t, "events.jsonl", "events-2026-11-23T17-04-58.001.jsonl")
	r.append(t, "events.jsonl", lines+eventLine(3)) // a batch that was written again, and more
	if notes, err := r.run(t); err != nil || strings.Contains(notes, "torn") {
		t.Errorf("%v %s", err, notes)
	}
	if got := strings.Join(r.got, " "); !strings.HasSuffix(got, "id-3") || strings.Count(got, "id-3") != 1 {
		t.Errorf("the target got %s", got)
	}
}

// TestReplayStateAndTornTail: a line that is just being written is not passed
// over for good.
func TestReplayStateAndTornTail(t *testing.T) {
	r := newReplayed(t)
	r.append(t, "events.jsonl", eventLine(0)+eventLine(1)[:50])
	if notes, err := r.run(t); err != nil || strings.Contains(notes, "torn") {
		t.Errorf("%v %s", err, notes)
	}
	r.want(t, "id-0")
	r.append(t, "events.jsonl", eventLine(1)[50:]+eventLine(2))
	r.mustRun(t, "id-1", "id-2")
	whole := strings.TrimSuffix(eventLine(3), "\n") // as others may write it
	r.append(t, "events.jsonl", whole)
	r.mustRun(t, "id-3")
	r.append(t, "events.jsonl", "\n"+eventLine(4))
	r.mustRun(t, "id-4")
}

// TestReplayStateOfFilesThatAreGone: it is an error only where more may have
// come than was sent.
func TestReplayStateOfFilesThatAreGone(t *testing.T) {
	r := newReplayed(t)
	name := func(n int) string { return fmt.Sprintf("events-2026-11-23T17-04-58.%03d.jsonl", n) }
	r.append(t, name(1), eventLine(1))
	r.append(t, name(2), eventLine(2))
	r.append(t, "events.jsonl", eventLine(3))
	r.mustRun(t, "id-1", "id-2", "id-3")
	r.remove(t, name(1)) // by roll_keep
	r.compress(t, name(2), ".zst")
	r.mustRun(t)
	if got, want := r.files(t), name(2)+".zst events.jsonl"; got != want {
		t.Errorf("the state knows %s, want %s", got, want)
	}

	// One that was read to its end, but not as one that is complete.
	r.rename(t, "events.jsonl", name(3))
	r.append(t, name(3), eventLine(4))
	hidden := filepath.Join(t.TempDir(), "hidden")
	if err := os.Rename(filepath.Join(r.dir, name(3)), hidden); err != nil {
		t.Fatal(err)
	}
	r.append(t, "events.jsonl", eventLine(5))
	for range 2 {
		r.mustFail(t, "events.jsonl, of which the first 186 bytes were sent, is in none of the files", "run the command again", "take it out of "+r.state)
	}
	if err := os.Rename(hidden, filepath.Join(r.dir, name(3))); err != nil {
		t.Fatal(err)
	}
	r.mustRun(t, "id-4", "id-5")

	// One of which something was not sent, for certain.
	r.answer = func(id string, _ int) int { return map[bool]int{true: 200, false: 400}[id == "id-6"] }
	r.append(t, "events.jsonl", eventLines(6, 8))
	r.rename(t, "events.jsonl", name(4))
	if _, err := r.run(t); err == nil {
		t.Error("no error")
	}
	r.want(t, "id-6")
	r.remove(t, name(4))
	r.mustFail(t, name(4)+", of which")

	// One that looks like one that others have rotated, and is a journal.
	r = newReplayed(t)
	r.append(t, "events.jsonl", eventLine(0))
	r.append(t, "events-2.jsonl", eventLine(1))
	r.mustRun(t, "id-0", "id-1")
	r.append(t, "events-2-2026-11-23T17-04-58.001.jsonl", eventLine(3)) // the next one is gone
	r.remove(t, "events-2.jsonl")
	r.mustFail(t, "events-2.jsonl, of which")

	// One that others have rotated stays complete while there is no live file.
	r = newReplayed(t)
	r.append(t, "events.jsonl", eventLine(0))
	r.mustRun(t, "id-0")
	r.rename(t, "events.jsonl", "events.jsonl.1")
	r.append(t, "events.jsonl", eventLine(1))
	r.mustRun(t, "id-1")
	r.rename(t, "events.jsonl", "events.jsonl.2")
	r.mustRun(t)
	r.remove(t, "events.jsonl.1")
	r.mustRun(t)

	// Cut to nothing.
	r = newReplayed(t)
	r.append(t, "events.jsonl", eventLines(0, 2))
	r.mustRun(t, "id-0", "id-1")
	write(t, filepath.Join(r.dir, "events.jsonl"), eventLine(2))
	r.mustFail(t, "events.jsonl, of which")
}

// TestReplayStateAndLogrotate: others give names that tell nothing, and the same
// ones again.
func TestReplayStateAndLogrotate(t *testing.T) {
	r := newReplayed(t)
	for n := range 5 {
		r.append(t, "events.jsonl", eventLine(n))
		r.mustRun(t, fmt.Sprint("id-", n))
		for i := 3; i > 0; i-- {
			_ = os.Rename(filepath.Join(r.dir, fmt.Sprint("events.jsonl.", i)), filepath.Join(r.dir, fmt.Sprint("events.jsonl.", i+1)))
		}
		_ = os.Remove(filepath.Join(r.dir, "events.jsonl.4"))
		r.rename(t, "events.jsonl", "events.jsonl.1")
	}
	r.append(t, "events.jsonl", eventLine(5))
	r.mustRun(t, "id-5")
}

// TestReplayStateOfOneOfTheJournals: what is not asked for stays known.
func TestReplayStateOfOneOfTheJournals(t *testing.T) {
	r := newReplayed(t)
	a, b := filepath.Join(r.dir, "a.jsonl"), filepath.Join(r.dir, "b.jsonl")
	write(t, a, eventLine(0))
	write(t, b, eventLine(1))
	r.mustRun(t, "id-0", "id-1")
	r.append(t, "a.jsonl", eventLine(2))
	if _, notes, err := webhook("replay", "--to", r.URL, "--state", r.state, a); err != nil {
		t.Errorf("%v %s", err, notes)
	}
	r.want(t, "id-2")
	r.append(t, "b.jsonl", eventLine(3))
	r.mustRun(t, "id-3")
}

func TestReplayStateAndFilters(t *testing.T) {
	r := newReplayed(t)
	r.append(t, "events.jsonl", eventLines(0, 6))
	for _, test := range []struct {
		args []string
		want []string
	}{
		{[]string{"--until", stamp(2)}, []string{"id-0", "id-1"}},
		{[]string{"--until", stamp(2)}, nil},
		{[]string{"--until", stamp(4), "--type", "kind1"}, []string{"id-3"}}, // what is left out by type is passed
		{[]string{"--until", stamp(4)}, nil},
		{[]string{"--since", stamp(5)}, []string{"id-5"}},
		{nil, nil},
	} {
		notes, err := r.run(t, test.args...)
		if err != nil {
			t.Errorf("%v: %v %s", test.args, err, notes)
		}
		r.want(t, test.want...)
		if len(test.args) > 0 && test.args[0] == "--until" {
			mustContain(t, notes, "what follows is left for a later run")
		}
	}

	// A clock that was set back does not bring the rest of the journal forward.
	r = newReplayed(t)
	r.append(t, "events-2026-11-23T17-04-58.001.jsonl", eventLine(0)+eventLine(9)+eventLine(1))
	r.append(t, "events.jsonl", eventLine(2))
	if _, err := r.run(t, "--until", stamp(5)); err != nil {
		t.Error(err)
	}
	r.want(t, "id-0")
	r.mustRun(t, "id-9", "id-1", "id-2")
}

func TestReplayStateIsLocked(t *testing.T) {
	r := newReplayed(t)
	r.append(t, "events.jsonl", eventLines(0, 2))
	began, release := make(chan struct{}), make(chan struct{})
	r.answer = func(id string, _ int) int {
		if id == "id-0" {
			close(began)
			<-release
		}
		return 200
	}
	done := make(chan error, 1)
	go func() { _, err := r.run(t); done <- err }()
	<-began
	if _, err := r.run(t, "--id", "none"); err == nil || !strings.Contains(err.Error(), r.state+": another replay is using this state") {
		t.Errorf("%v", err)
	}
	if _, err := r.run(t, "--dry-run"); err != nil {
		t.Error(err)
	}
	close(release)
	if err := <-done; err != nil {
		t.Error(err)
	}
	r.want(t, "id-0", "id-1")
	r.mustRun(t)
}

// TestReplayStateIsSavedWhileTheTargetHangs: a kill sends no more again than
// what was sent in the last moment.
func TestReplayStateIsSavedWhileTheTargetHangs(t *testing.T) {
	r := newReplayed(t)
	r.append(t, "events.jsonl", eventLines(0, 5))
	hanging, release := context.WithCancel(context.Background())
	t.Cleanup(release)
	r.answer = func(id string, _ int) int {
		if id == "id-3" {
			<-hanging.Done()
		}
		return 200
	}
	done := make(chan error, 1)
	go func() { _, err := r.run(t); done <- err }()
	eventually(t, "the state knows the event before the one that hangs", func() bool {
		content, _ := os.ReadFile(r.state)
		return strings.Contains(string(content), `"id-2"`)
	})
	release()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// TestReplayStateThatCannotBeSaved stops, as it could not go on where it was.
func TestReplayStateThatCannotBeSaved(t *testing.T) {
	r := newReplayed(t)
	r.append(t, "events.jsonl", eventLines(0, 100))
	r.answer = func(string, int) int {
		_ = os.RemoveAll(filepath.Dir(r.state))
		return 200
	}
	_, err := r.run(t, "--rate", "20")
	if err == nil || !strings.Contains(err.Error(), "saving the state") {
		t.Errorf("%v", err)
	}
	if n := len(r.got); n > 50 {
		t.Errorf("%d events were sent", n)
	}
}

// TestReplayStateOfEarlierVersion: it knew the id of the event that was sent last.
func TestReplayStateOfEarlierVersion(t *testing.T) {
	r := newReplayed(t)
	old := func(n int) string {
		return fmt.Sprintf(`{"target": %q, "last_id": "id-%d", "last_time": %q, "sent": 7}`, r.URL, n, stamp(n))
	}
	r.append(t, "events-2026-11-23T17-04-58.001.jsonl", eventLines(0, 2))
	r.append(t, "events-2026-11-23T17-04-58.002.jsonl", eventLines(2, 6))
	r.append(t, "events.jsonl", eventLine(6))
	write(t, r.state, old(3))
	r.mustRun(t, "id-4", "id-5", "id-6")
	r.append(t, "events.jsonl", eventLine(7)+eventLine(7))
	r.mustRun(t, "id-7", "id-7")
	mustContain(t, r.files(t), "events-2026-11-23T17-04-58.001.jsonl", "events.jsonl")

	again := "begin with --since 2026-11-23T12:00:07.123456Z and another --state"
	write(t, r.state, old(7))
	r.mustFail(t, "which is there 2 times", again)
	write(t, r.state, strings.ReplaceAll(old(7), "id-7", "id-none"))
	r.mustFail(t, "id-none, is in none of the files", again)
	r.append(t, "b.jsonl", eventLine(8))
	write(t, r.state, old(7))
	r.mustFail(t, "each of several journals, such as", again)
	if content, err := os.ReadFile(r.state); err != nil || string(content) != old(7) {
		t.Errorf("%v, and the state is now %s", err, content)
	}
	write(t, r.state, fmt.Sprintf(`{"target": %q, "last_id": "", "last_time": "0001-01-01T00:00:00Z", "sent": 0}`, r.URL)) // nothing was sent
	r.mustRun(t, append(ids(0, 8), "id-7", "id-8")...)
}

func TestReplayStateThatIsNone(t *testing.T) {
	r := newReplayed(t)
	r.append(t, "events.jsonl", eventLine(0))
	for _, content := range []string{"", "{", "[]", `{"files":[null]}`, `{"files":[{"file":"a","length":-1}]}`, `{"files":7}`} {
		write(t, r.state, content)
		r.mustFail(t, r.state+": not a state of replay")
	}
	_ = os.Remove(r.state)
	r.state = filepath.Join(r.dir, "z.state")
	r.mustRun(t, "id-0")
	r.mustFail(t, "z.state: is the state, and no file of events")
}

// TestReplayBySeveralNames: a file counts once, and as one of the journal that it
// is of, whatever it is called.
func TestReplayBySeveralNames(t *testing.T) {
	g := newTarget(t)
	real, links := t.TempDir(), t.TempDir()
	current := filepath.Join(links, "current")
	live := write(t, filepath.Join(real, "events.jsonl"), eventLine(1)) // by its time it came first
	if err := os.Symlink(live, current); err != nil {
		t.Fatal(err)
	}
	linked := filepath.Join(links, "dir")
	if err := os.Symlink(real, linked); err != nil {
		t.Fatal(err)
	}
	rotated := write(t, filepath.Join(real, "events-2026-11-23T17-04-58.001.jsonl"), eventLine(2))
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	relative, err := filepath.Rel(here, real)
	if err != nil {
		t.Fatal(err)
	}
	hard := filepath.Join(links, "hard")
	if err := os.Link(live, hard); err != nil {
		t.Fatal(err)
	}
	if _, notes, err := webhook("replay", "--to", g.URL, current, rotated, filepath.Join(relative, "events.jsonl"), hard,
		filepath.Join(linked, filepath.Base(rotated)), filepath.Join(relative, filepath.Base(rotated))); err != nil {
		t.Errorf("%v %s", err, notes)
	}
	g.want(t, "id-2", "id-1")

	// A sibling is found behind the link, too.
	write(t, filepath.Join(real, "events-2026-11-23T17-04-58.002.jsonl"), eventLine(3))
	if _, _, err = webhook("replay", "--to", g.URL, "--state", filepath.Join(links, "state"), current); err != nil {
		t.Errorf("%v", err)
	}
	g.want(t, "id-2", "id-3", "id-1")
}

func TestJournalOf(t *testing.T) {
	at := time.Date(2026, 11, 23, 17, 4, 58, 123e6, time.UTC)
	for live, rotated := range map[string]string{
		"/d/events.jsonl": "/d/events-2026-11-23T17-04-58.123.jsonl",
		"/d/events":       "/d/events-2026-11-23T17-04-58.123",
		"/d/.events":      "/d/-2026-11-23T17-04-58.123.events",
		"/d/a.b-c d.é":    "/d/a.b-c d-2026-11-23T17-04-58.123.é",
		"/d/e.123":        "/d/e-2026-11-23T17-04-58.123.123",
		"/d/events-2026-11-23T17-04-58.124.jsonl":       "/d/events-2026-11-23T17-04-58.124-2026-11-23T17-04-58.123.jsonl",
		"/d-2026-11-23T17-04-58.123.jsonl/events.jsonl": "/d-2026-11-23T17-04-58.123.jsonl/events-2026-11-23T17-04-58.123.jsonl",
	} {
		for _, suffix := range files.Endings {
			if name, when := reader.JournalOf(rotated + suffix); name != live || !when.Equal(at) {
				t.Errorf("%s is of %s, of %v, want %s", rotated+suffix, name, when, live)
			}
		}
	}
	for _, name := range []string{"/d/events.jsonl", "/d/events.gz", "/d/events-2026-11-23.jsonl", "/d/events-2026-02-31T17-04-58.123.jsonl", "/d/events.jsonl.1"} {
		if of, when := reader.JournalOf(name); of != name || when != reader.NeverRotated {
			t.Errorf("%s is of %s, of %v", name, of, when)
		}
	}
}
