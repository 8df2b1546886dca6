package files

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"
)

// TestRenamingByTwoProcessesLosesNothing has two processes rename the same file
// at the same time, to names of the same millisecond, and one of them begin a
// fresh one at once.
func TestRenamingByTwoProcessesLosesNothing(t *testing.T) {
	skipWhereOpenFilesCannotBeRenamed(t)
	at := time.Now()
	for i := range 500 {
		dir := filepath.Join(t.TempDir(), strconv.Itoa(i))
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, "events.jsonl")
		write(t, path, "old\n")
		created := make(chan bool, 2)
		for range 2 {
			go func() {
				if _, err := new(Namer).Rename(OS{}, path, path, at); err != nil {
					created <- false
					return
				}
				fresh, err := OS{}.Create(path, 0o600)
				if err == nil {
					_, err = fresh.Write([]byte("acknowledged\n"))
					_ = fresh.Close()
				}
				created <- err == nil
			}()
		}
		want := 0
		for range 2 {
			if <-created {
				want++
			}
		}
		if got := linesIn(t, dir); got["old\n"] != 1 || got["acknowledged\n"] != want {
			t.Fatalf("after %d tries: %v, want %d acknowledged ones", i+1, got, want)
		}
	}
}

func TestRotatedNameIsNeverATakenOne(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.jsonl")
	var namer Namer
	at := time.Date(2026, 11, 23, 18, 4, 58, 998e6, time.FixedZone("", 3600))
	want := []string{
		"events-2026-11-23T17-04-58.998.jsonl",
		"events-2026-11-23T17-04-58.999.jsonl",
		"events-2026-11-23T17-04-59.000.jsonl",
	}
	for i, name := range want {
		write(t, path, name)
		got, err := namer.Rename(OS{}, path, path, at)
		if err != nil || got != filepath.Join(filepath.Dir(path), name) {
			t.Errorf("renaming %d: %s, %v, want %s", i, got, err, name)
		}
	}
	for _, name := range want {
		if got := read(t, filepath.Join(filepath.Dir(path), name)); got != name {
			t.Errorf("%s was overwritten: %q", name, got)
		}
	}
	if _, err := namer.Rename(OS{}, path, path, at); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("renaming of nothing: %v", err)
	}
	if got := names(t, filepath.Dir(path)); !slices.Equal(got, want) {
		t.Errorf("directory: %q, want %q", got, want)
	}
}

// A file that is rotated in the same millisecond as one that was removed since
// does not take its name: it would be the next to be removed.
func TestNamesGoOnThoughEarlierOnesAreFree(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "events.jsonl")
	var namer Namer
	at := time.Now()
	last := ""
	for i := range 5 {
		write(t, path, "x")
		name, err := namer.Rename(OS{}, path, path, at)
		if err != nil || name <= last {
			t.Fatalf("renaming %d: %s after %s, %v", i, name, last, err)
		}
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
		last = name
	}
}

// When the clock is set back, names go on from those that there are, also those from
// before a restart: they tell in which order the files were written.
func TestNamesWhenTheClockIsSetBack(t *testing.T) {
	now := time.Now()
	for _, by := range []time.Duration{time.Second, maxAhead - time.Minute, maxAhead + time.Minute, ahead} {
		for _, restart := range []bool{false, true} {
			path := filepath.Join(t.TempDir(), "events.jsonl")
			var namer Namer
			rename := func(at time.Time) time.Time {
				write(t, path, "x")
				name, err := namer.Rename(OS{}, path, path, at)
				if err != nil {
					t.Fatal(err)
				}
				parsed, _ := Parse(name)
				return parsed.At
			}
			before := rename(now.Add(by))
			if restart {
				namer = Namer{}
			}
			after := rename(now)
			if !after.After(before) || after.After(before.Add(time.Second)) {
				t.Errorf("set back by %s, restart %t: %s after %s", by, restart, after, before)
			}
		}
	}
}
