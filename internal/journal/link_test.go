package journal

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/files"
)

// linked puts a symbolic link at the journal's path, to a file elsewhere, which
// is that of the journal if it has one.
func linked(t *testing.T, fsys *faultFS, path string) (target string) {
	t.Helper()
	target = filepath.Join(fsys.root, "disk", "ev.jsonl")
	if err := os.Mkdir(filepath.Dir(target), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := fsys.moveAway(path, target); err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	if err := os.Symlink(target, path); err != nil {
		t.Fatal(err)
	}
	return target
}

func mustBeLink(t *testing.T, path, target string) {
	t.Helper()
	if got, err := os.Readlink(path); err != nil || got != target {
		t.Errorf("the link at %s leads to %q, %v, want %s", path, got, err, target)
	}
}

// Somebody moves the file away, on the same disk, and puts a link in its place,
// which leads to a file that is rotated, condemned or missing after that.
func TestLinkInTheFilesPlace(t *testing.T) {
	skipWhereOpenFilesCannotBeRenamed(t)
	for name, fails := range map[string]op{"": "", "the fsync fails": opSync, "the fsync of the directory fails": opSyncDir} {
		t.Run(name, func(t *testing.T) {
			j, fsys := newJournal(t)
			o := rotating(Rotation{Size: 20})
			mustAppend(t, j, o, "before\n")
			target := linked(t, fsys, j.file.path)
			if fails != "" {
				fsys.fail(fails, 1, errDisk)
				if err := await(t, goAppend(j, o, "refused\n")); !errors.Is(err, errDisk) {
					t.Fatal(err)
				}
				expireRetry(t, j)
			}
			want := []string{"before\n"}
			for i := range 10 {
				want = append(want, fmt.Sprintf("line %d\n", i))
				mustAppend(t, j, o, want[len(want)-1])
				if !fsys.isDurable(want[len(want)-1]) {
					t.Errorf("%q is not durable", want[len(want)-1])
				}
			}
			awaitIdle(t, j)
			mustBeLink(t, j.file.path, target)
			got := linesBelow(t, filepath.Dir(target))
			for _, line := range want {
				if got[line] != 1 {
					t.Errorf("%q is there %d times", line, got[line])
				}
			}
			if n := len(names(t, fsys.root)); n != 2 {
				t.Errorf("beside the link there are %q", names(t, fsys.root))
			}
			if n := len(names(t, filepath.Dir(target))); n < 5 {
				t.Errorf("not rotated: %q", names(t, filepath.Dir(target)))
			}
		})
	}
}

// The link leads to something missing, with its directory, and then elsewhere.
func TestLinkThatLeadsElsewhereLater(t *testing.T) {
	skipWhereOpenFilesCannotBeRenamed(t)
	j, fsys := newJournal(t)
	mustAppend(t, j, always, "before\n")
	for i := range 3 {
		target := filepath.Join(fsys.root, fmt.Sprintf("disk%d", i), "new", "ev.jsonl")
		if err := os.Remove(j.file.path); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(target, j.file.path); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			mustAppend(t, j, always, "line\n")
		}
		if got := read(t, target); got != "line\nline\n" {
			t.Errorf("%s: %q", target, got)
		}
		mustBeLink(t, j.file.path, target)
	}
	// To itself, which is an error, and a file again.
	for _, makes := range []func() error{
		func() error { return os.Symlink("events.jsonl", j.file.path) },
		func() error { return os.WriteFile(j.file.path, nil, 0o600) },
	} {
		if err := errors.Join(os.Remove(j.file.path), makes()); err != nil {
			t.Fatal(err)
		}
		err := await(t, goAppend(j, always, "last\n"))
		if _, isLink := os.Readlink(j.file.path); (isLink == nil) != (err != nil) {
			t.Errorf("Append: %v", err)
		} else if err != nil && !strings.Contains(err.Error(), "links") {
			t.Errorf("%v does not tell of links", err)
		}
	}
	if got := read(t, j.file.path); got != "last\n" {
		t.Errorf("file: %q", got)
	}
}

// A link comes just before the renaming: it stays, and the next line follows it.
func TestLinkIsNotRenamed(t *testing.T) {
	skipWhereOpenFilesCannotBeRenamed(t)
	for last, reserves := range map[op]bool{
		opReadDir: false, // what comes last before the renaming
		opCreate:  true,  // the name is reserved
	} {
		j, fsys := newJournal(t)
		fsys.reserves = reserves
		told := 0
		o := rotating(Rotation{Size: 10})
		o.RotationFailed = func(error) { told++ }
		mustAppend(t, j, o, "before\n")
		awaitIdle(t, j)
		target := ""
		fsys.add(hook{op: last, nth: 1, before: func() error { target = linked(t, fsys, j.file.path); return nil }})
		mustAppend(t, j, o, "at that time\n")
		mustAppend(t, j, o, "after\n")
		awaitIdle(t, j)
		mustBeLink(t, j.file.path, target)
		got := linesBelow(t, filepath.Dir(target))
		for _, line := range []string{"before\n", "at that time\n", "after\n"} {
			if got[line] != 1 {
				t.Errorf("%s: %q is there %d times: %v", last, line, got[line], got)
			}
		}
		if told != 1 {
			t.Errorf("%s: %d failed rotations, want 1", last, told)
		}
	}
}

// The directory becomes a link to another journal's: what that keeps is not
// compressed or removed by the wishes of this one.
func TestDirectoryBecomesALink(t *testing.T) {
	skipWhereOpenFilesCannotBeRenamed(t)
	_, fsys := newJournal(t)
	theirs := filepath.Join(fsys.root, "theirs")
	old := filepath.Join(theirs, "events-2026-11-23T17-04-58.123.jsonl")
	if err := os.Mkdir(theirs, 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, old, "theirs\n")
	dir := filepath.Join(fsys.root, "mine")
	j := New(filepath.Join(dir, "events.jsonl"), fsys) // before there is a directory
	defer finish(t, j, fsys)
	if err := os.Symlink(theirs, dir); err != nil {
		t.Fatal(err)
	}
	var told []string
	o := rotating(Rotation{Size: 10, Keep: 1, Compression: files.Gzip})
	o.RotationFailed = func(err error) { told = append(told, err.Error()) }
	for range 5 {
		mustAppend(t, j, o, "my line\n")
	}
	awaitIdle(t, j)
	if left := names(t, theirs); len(left) != 6 || !slices.Contains(left, filepath.Base(old)) {
		t.Errorf("left are %q", left)
	}
	if len(told) == 0 || !strings.Contains(told[0], theirs) || !strings.Contains(told[0], "loaded anew") {
		t.Errorf("told: %q", told)
	}
}
