package journal

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

const ahead = 1000 * time.Hour

// The clock was ahead once: what is rotated since is not removed in the stead of
// what was rotated then, which goes by roll_keep before what is fresh, and after
// what was rotated before.
func TestFilesFromWhenTheClockWasAhead(t *testing.T) {
	for _, c := range []Compression{"", Gzip} {
		t.Run(string(c), func(t *testing.T) {
			j, fsys := newJournal(t)
			writeRotated(t, j, 2*time.Hour, "before\n")
			for _, line := range []string{"ahead 1\n", "ahead 2\n"} {
				writeRotated(t, j, -ahead, line)
				time.Sleep(2 * time.Millisecond) // for another name
			}
			o := rotating(Rotation{Size: 1, Keep: 3, Compression: c})
			var left [][]string
			for _, line := range []string{"one\n", "two\n", "three\n", "four\n", "five\n"} {
				mustAppend(t, j, o, line)
				awaitIdle(t, j)
				var kept []string
				for line := range linesBelow(t, fsys.root) {
					kept = append(kept, strings.TrimSuffix(line, "\n"))
				}
				left = append(left, kept)
			}
			for i, want := range [][]string{
				{"before", "ahead 1", "ahead 2", "one"},
				{"ahead 1", "ahead 2", "one", "two"},
				{"ahead 2", "one", "two", "three"},
				{"one", "two", "three", "four"},
				{"two", "three", "four", "five"},
			} {
				if !sameElements(left[i], want) {
					t.Errorf("after %d lines: %q, want %q", i+1, left[i], want)
				}
			}
		})
	}
}

func sameElements(a, b []string) bool {
	count := map[string]int{}
	for _, s := range a {
		count[s]++
	}
	for _, s := range b {
		count[s]--
	}
	for _, n := range count {
		if n != 0 {
			return false
		}
	}
	return true
}

// They go by roll_keep_for as well: by when they were written, or found.
func TestFilesFromWhenTheClockWasAheadGoByAge(t *testing.T) {
	for name, test := range map[string]struct{ written, after time.Duration }{
		"written when the clock was ahead": {-ahead, 24 * time.Hour},
		"written before":                   {20 * time.Hour, 5 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			j, fsys := newJournal(t)
			path := writeRotated(t, j, -ahead, "ahead\n")
			age(t, path, test.written)
			j.register(rotating(Rotation{KeepFor: 24 * time.Hour}))
			for _, in := range []time.Duration{0, test.after - 2*time.Hour, test.after} {
				if len(names(t, fsys.root)) != 1 {
					t.Fatalf("removed before %s have passed", in)
				}
				if err := j.keeper.keep(time.Now().Add(in)); err != nil {
					t.Error(err)
				}
			}
			if got := names(t, fsys.root); len(got) != 0 {
				t.Errorf("left: %q", got)
			}
		})
	}
}

// When the clock is set back by a little, names go on from those that there are,
// also those from before a restart. By more, they do not: they would be wrong
// for long.
func TestNamesWhenTheClockIsSetBack(t *testing.T) {
	now := time.Now()
	for by, goesOn := range map[time.Duration]bool{
		time.Second: true, maxAhead - time.Minute: true, maxAhead + time.Minute: false, ahead: false,
	} {
		for _, restart := range []bool{false, true} {
			path := filepath.Join(t.TempDir(), "events.jsonl")
			f := file{fs: osFS{}, path: path, target: path}
			rename := func(at time.Time) time.Time {
				write(t, f.path, "x")
				name, err := f.rename(f.path, at)
				if err != nil {
					t.Fatal(err)
				}
				at, _ = RotatedAt(f.path, name)
				return at
			}
			before := rename(now.Add(by))
			if restart {
				f = file{fs: osFS{}, path: path, target: path}
			}
			after := rename(now)
			if went := after.After(before); went != goesOn || !went && !reflect.DeepEqual(after, now.UTC().Truncate(time.Millisecond)) {
				t.Errorf("set back by %s, restart %t: %s after %s", by, restart, after, before)
			}
		}
	}
}

// Without a look into the directory, names go on from now.
func TestNamesWithoutALookIntoTheDirectory(t *testing.T) {
	j, fsys := newJournal(t)
	fsys.fail(opReadDir, 0, os.ErrPermission)
	o := rotating(Rotation{Size: 1})
	mustAppend(t, j, o, "one\n")
	mustAppend(t, j, o, "two\n")
	if got := contents(t, fsys.root); !reflect.DeepEqual(got, []string{"one\n", "two\n"}) {
		t.Errorf("%q", got)
	}
}

// What was rotated since the clock was set back may be found together with what
// was rotated before.
func TestFilesFromWhenTheClockWasAheadAreFoundLate(t *testing.T) {
	j, fsys := newJournal(t)
	writeRotated(t, j, -ahead, "ahead\n")
	writeRotated(t, j, time.Minute, "fresh\n")
	j.Register(rotating(Rotation{Keep: 1}))
	awaitIdle(t, j)
	if got := contents(t, fsys.root); !reflect.DeepEqual(got, []string{"fresh\n"}) {
		t.Errorf("left: %q", got)
	}
}
