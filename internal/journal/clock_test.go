package journal

import (
	"errors"
	"fmt"
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

// That is for good: also when the time in their old names comes.
func TestFilesFromWhenTheClockWasAheadStayOld(t *testing.T) {
	j, fsys := newJournal(t)
	for i := range 2 {
		path := writeRotated(t, j, -2*time.Hour-time.Duration(i)*time.Second, "ahead\n")
		age(t, path, time.Hour)
	}
	writeRotated(t, j, 30*time.Minute, "fresh\n")
	writeRotated(t, j, 20*time.Minute, "fresh\n")
	o := rotating(Rotation{Keep: 4})
	j.register(o)
	if err := j.keeper.keep(time.Now()); err != nil {
		t.Error(err)
	}
	if got := contents(t, fsys.root); !reflect.DeepEqual(got, []string{"ahead\n", "ahead\n", "fresh\n", "fresh\n"}) {
		t.Errorf("after the first look: %q", got)
	}
	o.Keep = 2
	if err := j.keeper.keep(time.Now().Add(65 * time.Minute)); err != nil {
		t.Error(err)
	}
	if got := contents(t, fsys.root); !reflect.DeepEqual(got, []string{"fresh\n", "fresh\n"}) {
		t.Errorf("left: %q", got)
	}
}

// All forms of a file get the same new name, durably, at a time that no other
// file has; or none does where it fails, and then the next look sees to it.
func TestNamesFromWhenTheClockWasAheadAreSetRight(t *testing.T) {
	skipWhereOpenFilesCannotBeRenamed(t)
	for name, fail := range map[string]hook{
		"at once":                     {},
		"the first renaming fails":    {op: opRename, nth: 1, before: failing(errDisk)},
		"the second renaming fails":   {op: opRename, nth: 2, before: failing(errDisk)},
		"the directory's fsync fails": {op: opSyncDir, nth: 1, before: failing(errDisk)},
	} {
		for _, reserves := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, names reserved %t", name, reserves), func(t *testing.T) {
				j, fsys := newJournal(t)
				fsys.reserves = reserves
				at := time.Now().Add(-3 * time.Hour).UTC().Truncate(time.Millisecond)
				for i, ending := range []string{"", ".zst"} { // neither time is free
					write(t, rotatedName(j.file.path, at.Add(time.Duration(i)*time.Millisecond))+ending, "other\n")
				}
				path := rotatedName(j.file.path, time.Now().Add(ahead))
				for _, form := range []string{"", ".gz"} {
					write(t, path+form, "ahead\n")
				}
				if err := os.Chtimes(path, at, at); err != nil {
					t.Fatal(err)
				}
				j.register(rotating(Rotation{Keep: 5}))
				if fail.op != "" {
					before := names(t, fsys.root)
					fsys.add(fail)
					if err := j.keeper.keep(time.Now()); !errors.Is(err, errDisk) {
						t.Errorf("%v", err)
					}
					if got := names(t, fsys.root); !reflect.DeepEqual(got, before) {
						t.Errorf("after the failure: %q, before: %q", got, before)
					}
				}
				fsys.forget()
				if err := j.keeper.keep(time.Now()); err != nil {
					t.Error(err)
				}
				renamed := rotatedName(j.file.path, at.Add(2*time.Millisecond))
				want := bases([]string{
					rotatedName(j.file.path, at), rotatedName(j.file.path, at.Add(time.Millisecond)) + ".zst", renamed, renamed + ".gz",
				})
				if got := names(t, fsys.root); !reflect.DeepEqual(got, want) {
					t.Errorf("%q, want %q", got, want)
				}
				if got := fsys.trace(opRename, opSyncDir); len(got) != 3 || !strings.HasPrefix(got[2], string(opSyncDir)) {
					t.Errorf("%q", got)
				}
			})
		}
	}
}

// Nothing is renamed for wishes that have not taken effect.
func TestNamesFromWhenTheClockWasAheadStayUntilWishesTakeEffect(t *testing.T) {
	j, fsys := newJournal(t)
	writeRotated(t, j, -ahead, "ahead\n")
	before := names(t, fsys.root)
	o := rotating(Rotation{Keep: 1})
	o.InEffect = func() bool { return false }
	j.register(o)
	if err := j.keeper.keep(time.Now()); err != nil {
		t.Error(err)
	}
	if got := names(t, fsys.root); !reflect.DeepEqual(got, before) {
		t.Errorf("%q, before: %q", got, before)
	}
}
