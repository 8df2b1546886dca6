package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestReplayStateAndNumbersInNames: what others rotated is known by where it was
// before, as a live file may have a number, too.
func TestReplayStateAndNumbersInNames(t *testing.T) {
	for _, second := range []string{"events-2.jsonl", "events.2.jsonl", "events-20261123.jsonl", "events.jsonl.2"} { // live
		r := newReplayed(t)
		r.append(t, "events.jsonl", eventLine(0))
		r.append(t, second, eventLine(1))
		r.mustRun(t, "id-0", "id-1")
		r.append(t, second, eventLine(2))
		r.mustRun(t, "id-2")
		r.append(t, second, eventLine(3)) // and it is moved away
		r.remove(t, second)
		r.append(t, second, eventLine(4))
		r.mustFail(t, second+", of which the first 372 bytes were sent, is in none of the files")
		r.remove(t, second)
		r.mustFail(t, second+", of which the first 372 bytes were sent, is in none of the files")
	}
	for _, rotated := range []string{"events.jsonl.1", "events.jsonl-20261123", "events.jsonl-2026-11-23", "events.jsonl-20261123-1795453498", "events-2026-11-23-1795453498.jsonl", "events.1.jsonl", "events-20261123.jsonl"} {
		r := newReplayed(t)
		r.append(t, "events.jsonl", eventLine(0))
		r.mustRun(t, "id-0")
		r.append(t, "events.jsonl", eventLine(1))
		r.rename(t, "events.jsonl", rotated)
		r.append(t, "events.jsonl", eventLine(2))
		r.answer = func(string, int) int { return 400 }
		if _, err := r.run(t); err == nil { // and the rotated file is known by its new name
			t.Error("no error")
		}
		r.answer = func(string, int) int { return 200 }
		r.mustRun(t, "id-1", "id-2")
		r.mustRun(t)
		r.remove(t, rotated)
		r.mustRun(t)
	}

	// Files that were there before the first run are moved on.
	r := newReplayed(t)
	for n, name := range []string{"events.jsonl.2", "events.jsonl.1", "events.jsonl"} {
		r.append(t, name, eventLine(n))
	}
	r.mustRun(t, ids(0, 3)...)
	r.rename(t, "events.jsonl.2", "events.jsonl.3")
	r.rename(t, "events.jsonl.1", "events.jsonl.2")
	r.rename(t, "events.jsonl", "events.jsonl.1")
	r.append(t, "events.jsonl", eventLine(3))
	r.mustRun(t, "id-3")
	for n := 3; n > 0; n-- {
		r.remove(t, fmt.Sprint("events.jsonl.", n))
		r.mustRun(t)
	}
}

// TestReplayStateAndCopy: a copy does not hide that the file is gone.
func TestReplayStateAndCopy(t *testing.T) {
	r := newReplayed(t)
	r.append(t, "events.jsonl", eventLine(0))
	r.mustRun(t, "id-0")
	r.append(t, "events.jsonl.bak", eventLine(0))
	r.append(t, "events.jsonl", eventLine(1)) // and it is gone
	write(t, filepath.Join(r.dir, "events.jsonl"), eventLine(2))
	r.mustFail(t, "events.jsonl, of which the first 186 bytes were sent, is another file by now", "events.jsonl.bak, which starts with them, may be a copy", "put its new name into "+r.state)

	// It was renamed, and this is how to go on.
	content, err := os.ReadFile(r.state)
	if err != nil {
		t.Fatal(err)
	}
	r.append(t, "events.jsonl.bak", eventLine(3))
	write(t, r.state, strings.ReplaceAll(string(content), "events.jsonl", "events.jsonl.bak"))
	r.mustRun(t, "id-3", "id-2")
}

// TestReplayStateDoesNotGrow: logrotate gives the same names to other files.
func TestReplayStateDoesNotGrow(t *testing.T) {
	r := newReplayed(t)
	for n := range 8 {
		for i := 2; i > 0; i-- {
			_ = os.Rename(filepath.Join(r.dir, fmt.Sprint("events.jsonl.", i-1)), filepath.Join(r.dir, fmt.Sprint("events.jsonl.", i)))
		}
		_ = os.Rename(filepath.Join(r.dir, "events.jsonl"), filepath.Join(r.dir, "events.jsonl.1"))
		r.append(t, "events.jsonl", eventLine(n))
		r.mustRun(t, fmt.Sprint("id-", n))
	}
	if got, want := len(strings.Fields(r.files(t))), 3; got != want {
		t.Errorf("the state knows %d files, and there are %d: %s", got, want, r.files(t))
	}
}

// TestReplayStateAfterCrash: lines that were sent, and not yet durable, are gone,
// and what the error says goes on without losing any.
func TestReplayStateAfterCrash(t *testing.T) {
	r := newReplayed(t)
	r.append(t, "events.jsonl", eventLines(0, 2))
	r.mustRun(t, "id-0", "id-1")
	write(t, filepath.Join(r.dir, "events.jsonl"), eventLine(0)+eventLine(2))
	r.mustFail(t, "events.jsonl, of which", "if a crash took its end", "take it out of "+r.state)
	write(t, r.state, fmt.Sprintf(`{"target": %q, "files": []}`, r.URL))
	r.mustRun(t, "id-0", "id-2")
}

// TestReplayStateOfTornRotatedFile: its end is known as such, however far other
// files were sent.
func TestReplayStateOfTornRotatedFile(t *testing.T) {
	r := newReplayed(t)
	rotated := "b-2026-11-23T17-04-58.001.jsonl"
	r.append(t, "a.jsonl", eventLine(0)+eventLine(2))
	r.append(t, rotated, eventLine(1)+eventLine(3)[:50])
	if notes, err := r.run(t); err != nil {
		t.Errorf("%v %s", err, notes)
	}
	r.want(t, "id-0", "id-2", "id-1")
	r.append(t, "a.jsonl", eventLine(4))
	r.answer = func(string, int) int { return 400 }
	if _, err := r.run(t); err == nil { // and b was not looked at
		t.Error("no error")
	}
	r.want(t)
	r.answer = func(string, int) int { return 200 }
	r.remove(t, rotated)
	r.mustRun(t, "id-4")
}
