package files

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"
)

const ahead = 1000 * time.Hour

// They go by roll_keep_for as well: by when they were written, or found.
func TestFilesFromWhenTheClockWasAheadGoByAge(t *testing.T) {
	for name, test := range map[string]struct{ written, after time.Duration }{
		"written when the clock was ahead": {-ahead, 24 * time.Hour},
		"written before":                   {20 * time.Hour, 5 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			k, fsys := newKeeper(t)
			path := writeRotated(t, k, -ahead, "ahead\n")
			age(t, path, test.written)
			k.Register("user", Wishes{KeepFor: 24 * time.Hour})
			for _, in := range []time.Duration{0, test.after - 2*time.Hour, test.after} {
				if len(names(t, fsys.root)) != 1 {
					t.Fatalf("removed before %s have passed", in)
				}
				if err := k.Keep(time.Now().Add(in)); err != nil {
					t.Error(err)
				}
			}
			if got := names(t, fsys.root); len(got) != 0 {
				t.Errorf("left: %q", got)
			}
		})
	}
}

// They stay in their order, and after what was rotated before: names always go on, and who
// reads them one after the other misses none.
func TestFilesFromWhenTheClockWasAheadKeepTheirOrder(t *testing.T) {
	k, fsys := newKeeper(t)
	writeRotated(t, k, time.Minute, "1\n")
	for i, ago := range []time.Duration{-ahead, 2 * time.Hour, -ahead, 3 * time.Hour} { // when they were written
		age(t, writeRotated(t, k, -ahead-time.Duration(i)*time.Second, string(rune('2'+i))+"\n"), ago)
	}
	k.Register("user", Wishes{Keep: 9})
	if err := k.Keep(time.Now()); err != nil {
		t.Error(err)
	}
	rotated, _, err := List(fsys, k.path)
	if err != nil {
		t.Fatal(err)
	}
	var order string
	for _, r := range rotated {
		if r.At.After(time.Now().Add(maxAhead)) {
			t.Errorf("still ahead: %s", r.Forms[0])
		}
		b, err := os.ReadFile(r.Forms[0])
		if err != nil {
			t.Fatal(err)
		}
		order += strings.TrimSpace(string(b))
	}
	if order != "12345" {
		t.Errorf("order: %s", order)
	}
}

// That is for good: also when the time in their old names comes.
func TestFilesFromWhenTheClockWasAheadStayOld(t *testing.T) {
	k, fsys := newKeeper(t)
	for i := range 2 {
		path := writeRotated(t, k, -2*time.Hour-time.Duration(i)*time.Second, "ahead\n")
		age(t, path, time.Hour)
	}
	writeRotated(t, k, 30*time.Minute, "fresh\n")
	writeRotated(t, k, 20*time.Minute, "fresh\n")
	k.Register("user", Wishes{Keep: 4})
	if err := k.Keep(time.Now()); err != nil {
		t.Error(err)
	}
	if got := contents(t, fsys.root); !reflect.DeepEqual(got, []string{"ahead\n", "ahead\n", "fresh\n", "fresh\n"}) {
		t.Errorf("after the first look: %q", got)
	}
	k.Release("user")
	k.Register("user", Wishes{Keep: 2})
	if err := k.Keep(time.Now().Add(65 * time.Minute)); err != nil {
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
				k, fsys := newKeeper(t)
				fsys.reserves = reserves
				at := time.Now().Add(-3 * time.Hour).UTC().Truncate(time.Millisecond)
				for i, ending := range []string{"", ".zst"} { // neither time is free
					write(t, RotatedName(k.path, at.Add(time.Duration(i)*time.Millisecond))+ending, "other\n")
				}
				path := RotatedName(k.path, time.Now().Add(ahead))
				for _, form := range []string{"", ".gz"} {
					write(t, path+form, "ahead\n")
				}
				if err := os.Chtimes(path, at, at); err != nil {
					t.Fatal(err)
				}
				k.Register("user", Wishes{Keep: 5})
				if fail.op != "" {
					before := names(t, fsys.root)
					fsys.add(fail)
					if err := k.Keep(time.Now()); !errors.Is(err, errDisk) {
						t.Errorf("%v", err)
					}
					if got := names(t, fsys.root); !reflect.DeepEqual(got, before) {
						t.Errorf("after the failure: %q, before: %q", got, before)
					}
				}
				fsys.forget()
				if err := k.Keep(time.Now()); err != nil {
					t.Error(err)
				}
				renamed := RotatedName(k.path, at.Add(2*time.Millisecond))
				want := bases([]string{
					RotatedName(k.path, at), RotatedName(k.path, at.Add(time.Millisecond)) + ".zst", renamed, renamed + ".gz",
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
	k, fsys := newKeeper(t)
	writeRotated(t, k, -ahead, "ahead\n")
	before := names(t, fsys.root)
	k.Register("user", Wishes{Keep: 1, InEffect: func() bool { return false }})
	if err := k.Keep(time.Now()); err != nil {
		t.Error(err)
	}
	if got := names(t, fsys.root); !reflect.DeepEqual(got, before) {
		t.Errorf("%q, before: %q", got, before)
	}
}
