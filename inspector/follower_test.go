package inspector

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/files"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/status"
)

// following is a file that a follower looks at, and what may be seen of it.
type following struct {
	*stored
	*follower
	view view
}

func follow(t *testing.T) *following {
	f := newFollower()
	t.Cleanup(f.close)
	path := filepath.Join(t.TempDir(), "events.jsonl")
	return &following{&stored{t: t, path: path}, f, view{files: map[string]status.File{path: {Receivers: []string{"a", "b"}}}}}
}

// finds looks, and compares what is found.
func (f *following) finds(ids string, more int, odd bool) {
	f.t.Helper()
	events, n, isOdd := f.look(f.view)
	if got := idsOf(events); got != ids || n != more || isOdd != odd {
		f.t.Errorf("found %q and %d more, odd %t; want %q, %d, %t", got, n, isOdd, ids, more, odd)
	}
}

// TestFollowFromHalfALine: that one is told when it has ended.
func TestFollowFromHalfALine(t *testing.T) {
	f := follow(t)
	text := line("half", began, `"type":"k"`, "1")
	f.add("a", 1)
	f.write(text[:40])
	f.finds("", 0, false)
	f.write(text[40:])
	f.finds("half", 0, false)
}

// TestFollowWhatIsWrittenAnew: a file that was truncated, and is as long again, or longer, before anybody looks.
func TestFollowWhatIsWrittenAnew(t *testing.T) {
	for _, lines := range []int{1, 2} {
		f := follow(t)
		f.add("a", 1)
		f.finds("", 0, false)
		before, err := os.Stat(f.path)
		if err := errors.Join(err, os.Truncate(f.path, 0)); err != nil {
			t.Fatal(err)
		}
		f.add("a", lines)
		later := before.ModTime().Add(time.Second)
		if err := os.Chtimes(f.path, later, later); err != nil {
			t.Fatal(err)
		}
		f.finds("", 0, true)
		f.add("b", 1)
		events, _, odd := f.look(f.view)
		if len(events) != 1 || odd {
			t.Fatalf("%v, %t", events, odd)
		}
		if found, err := f.view.find(events[0].Key); err != nil || found.ID != events[0].ID {
			t.Errorf("%d lines: %v", lines, err)
		}
	}
}

// TestFollowTwoRotations: what is in a file that was the live one between two looks is not passed over in silence.
func TestFollowTwoRotations(t *testing.T) {
	f := follow(t)
	rotate := func() {
		t.Helper()
		time.Sleep(2 * time.Millisecond) // a name of its own
		if err := os.Rename(f.path, files.RotatedName(f.path, time.Now())); err != nil {
			t.Fatal(err)
		}
	}
	f.add("a", 1)
	f.finds("", 0, false)
	f.add("a", 1)
	rotate()
	f.add("a", 1)
	f.finds("a2 a3", 0, false)
	rotate()
	f.add("a", 1)
	rotate()
	f.add("a", 1)
	f.finds("", 0, true)
	f.add("a", 1)
	if _, _, odd := f.look(f.view); odd {
		t.Error("it stays odd")
	}
}

// TestFollowWhatCannotBeRead: when it can be again, what is in it is not new.
func TestFollowWhatCannotBeRead(t *testing.T) {
	f := follow(t)
	if err := os.Symlink(f.path, f.path); err != nil {
		t.Fatal(err)
	}
	f.finds("", 0, false)
	if err := os.Remove(f.path); err != nil {
		t.Fatal(err)
	}
	f.add("a", 3)
	f.finds("", 0, true)
	f.add("a", 1)
	f.finds("a4", 0, false)
}

// TestFollowAHugeLine: it counts when it has ended.
func TestFollowAHugeLine(t *testing.T) {
	f := follow(t)
	f.add("a", 1)
	f.finds("", 0, false)
	text := line("huge", began, `"type":"k"`, `"`+strings.Repeat("x", maxLook+1000)+`"`)
	f.write(text[:len(text)-10])
	f.finds("", 0, false)
	f.finds("", 0, false)
	f.write(text[len(text)-10:])
	f.finds("", 0, true)
	f.add("a", 1)
	f.finds("a2", 0, false)
}

// TestFollowOneOfTwo: what one receiver stores is told, however much another stores in the same file, or in another one.
func TestFollowOneOfTwo(t *testing.T) {
	f := follow(t)
	f.view.only = []string{"a"}
	f.finds("", 0, false)
	f.add("a", 2)
	f.add("b", 50)
	f.finds("a1 a2", 0, false)
	f.n = 0
	f.add("a", 25)
	f.finds("a6 a7 a8 a9 a10 a11 a12 a13 a14 a15 a16 a17 a18 a19 a20 a21 a22 a23 a24 a25", 5, false)

	other := &stored{t: t, path: filepath.Join(t.TempDir(), "other.jsonl")}
	f.view = view{files: map[string]status.File{f.path: {Receivers: []string{"a"}}, other.path: {Receivers: []string{"b"}}}}
	f.finds("", 0, false)
	f.n = 0
	f.add("a", 2)
	other.add("b", 30)
	events, more, odd := f.look(f.view)
	if got := idsOf(events); len(events) != perMessage || more != 12 || odd || !strings.Contains(got, "a1") || !strings.Contains(got, "b30") {
		t.Errorf("%q, %d more, %t", got, more, odd)
	}
}

// TestStreamComesBackAfterAReset: whoever was away during one gets it.
func TestStreamComesBackAfterAReset(t *testing.T) {
	f, s, last, other := oneIsAway(t)
	other.next("state")
	if err := os.Truncate(f.path, 0); err != nil {
		t.Fatal(err)
	}
	reset, _ := other.next("reset")
	if m, _ := s.stream("Last-Event-ID: "+last.id).next("events", "reset", "state"); m.kind != "reset" {
		t.Errorf("%+v", m)
	}
	if m, _ := s.stream("Last-Event-ID: "+reset.id).next("events", "reset", "state"); m.kind != "state" {
		t.Errorf("%+v", m)
	}
}
