package reader

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/files"
)

// resolved is the names of the files that are found, journal by journal.
func resolved(t *testing.T, args ...string) string {
	t.Helper()
	journals, err := Resolve(args)
	if err != nil {
		t.Fatal(err)
	}
	defer journals.Close()
	var text []string
	for _, j := range journals {
		var names []string
		for _, f := range j.Files {
			names = append(names, filepath.Base(f.Path))
		}
		text = append(text, strings.Join(names, " "))
	}
	return strings.Join(text, " | ")
}

func TestResolve(t *testing.T) {
	dir := t.TempDir()
	at := func(name, content string) string { return write(t, filepath.Join(dir, name), content) }
	const early, late = "events-2026-11-23T12-00-00.000.jsonl", "events-2026-11-24T12-00-00.000.jsonl"
	live := at("events.jsonl", eventLine(9))
	at(late, eventLine(5))
	at(late+".zst", framed(t, ".zst", eventLine(5))) // being compressed
	at(late+".0123abcd.tmp", "half")
	at(early+".gz", compressed(t, "x.gz", eventLine(1)))
	at("events-2026-11-25T12-00-00.000.jsonl.gz", "") // only keeps the name
	at("events-2026-11-25T12-00-00.000.jsonl", eventLine(7))
	at("other.jsonl", "")
	at("hooks.log", eventLine(3))
	at("long.log", strings.Replace(eventLine(3), "[1,2]", `"`+strings.Repeat("x", 2<<20)+`"`, 1))
	at("events.app.dead.jsonl", eventLine(4))
	at("events.app.dead-2026-11-23T12-00-00.000.jsonl.gz", compressed(t, "x.gz", eventLine(4)))
	at("events.jsonl.app.dead.jsonl", eventLine(4))
	at("replay.state", "{\n\t\"target\": \"http://a\"\n}\n")
	at("one-line.state", `{"target":"http://a"}`+"\n")
	at("replay.state.lock", "")
	at("events.app.cursor", "\x00\x01")
	at("access.log", "GET / 200\n")
	if err := os.Mkdir(filepath.Join(dir, "more.jsonl"), 0o700); err != nil {
		t.Fatal(err)
	}
	elsewhere := t.TempDir()
	link := filepath.Join(elsewhere, "link.jsonl")
	if err := os.Symlink(live, link); err != nil {
		t.Fatal(err)
	}
	const all = early + ".gz " + late + " events-2026-11-25T12-00-00.000.jsonl events.jsonl"
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{live}, all},
		{[]string{link}, strings.Replace(all, "events.jsonl", "link.jsonl", 1)},
		{[]string{live, link, live}, all},
		{[]string{filepath.Join(dir, late)}, late},
		{[]string{filepath.Join(dir, late+".zst")}, late + ".zst"},
		{[]string{filepath.Join(dir, late+".zst"), filepath.Join(dir, late)}, late},
		{[]string{filepath.Join(dir, late+".zst"), live}, all},
		{[]string{filepath.Join(dir, early)}, early + ".gz"}, // compressed since
		{[]string{filepath.Join(dir, "events.app.dead.jsonl")}, "events.app.dead-2026-11-23T12-00-00.000.jsonl.gz events.app.dead.jsonl"},
		{[]string{dir}, all + " | hooks.log | long.log | other.jsonl"},
		{[]string{filepath.Join(dir, "hooks.log"), dir + "/.", live}, "hooks.log | " + all + " | long.log | other.jsonl"},
		{[]string{filepath.Join(dir, "replay.state")}, "replay.state"}, // it is what was asked for
	} {
		if got := resolved(t, c.args...); got != c.want {
			t.Errorf("%v: %s\nwant %s", c.args, got, c.want)
		}
	}
	// There is none between a rotation and the next event.
	if err := os.Remove(live); err != nil {
		t.Fatal(err)
	}
	if got, want := resolved(t, live), strings.TrimSuffix(all, " events.jsonl"); got != want {
		t.Errorf("without a live file: %s, want %s", got, want)
	}
	was, err := os.Getwd()
	if err == nil {
		err = os.Chdir(dir)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = os.Chdir(was) }()
	if got, want := resolved(t, "events.jsonl"), strings.TrimSuffix(all, " events.jsonl"); got != want {
		t.Errorf("by a relative name: %s, want %s", got, want)
	}
}

func TestResolveTellsWhatIsMissing(t *testing.T) {
	dir := t.TempDir()
	there := write(t, filepath.Join(dir, "there.jsonl"), "")
	journals, err := Resolve([]string{filepath.Join(dir, "none.jsonl"), there, filepath.Join(dir, "x-2026-11-23T12-00-00.000.jsonl")})
	if !errors.Is(err, fs.ErrNotExist) || strings.Count(err.Error(), "no such file") != 2 || len(journals.Files()) != 1 {
		t.Errorf("%v, %v", journals.Paths(), err)
	}
	journals.Close()
	if _, err := Resolve([]string{t.TempDir()}); err == nil || !strings.Contains(err.Error(), "no events in this directory") {
		t.Errorf("an empty directory: %v", err)
	}
	if !slices.Equal(Journals(nil).Paths(), nil) {
		t.Error("paths of nothing")
	}
}

// TestResolveWhileItIsRotated: the file that is being written gets the name of a
// rotated one after it was opened, and another one is in its place.
func TestResolveWhileItIsRotated(t *testing.T) {
	dir := t.TempDir()
	live := write(t, filepath.Join(dir, "events.jsonl"), eventLine(1))
	journals, err := Resolve([]string{live})
	if err != nil {
		t.Fatal(err)
	}
	defer journals.Close()
	if err := os.Rename(live, rotatedAt(dir, 1)); err != nil {
		t.Fatal(err)
	}
	write(t, live, eventLine(2))
	l, err := journals.Files()[0].Lines()
	if err != nil {
		t.Fatal(err)
	}
	defer l.Release()
	if line, err := l.Next(); err != nil || string(line.Text)+"\n" != eventLine(1) {
		t.Errorf("%s, %v", line.Text, err)
	}
}

// directory is one that changes while it is read.
type directory struct {
	files.OS
	names [][]string // what is found, one time after the other
}

func (d *directory) ReadDir(string) ([]string, error) {
	names := d.names[0]
	d.names = d.names[1:]
	return names, nil
}

func TestListingWhileItIsRotated(t *testing.T) {
	const path = "/nowhere/events.jsonl"
	first, second, third := filepath.Base(rotatedAt("", 1)), filepath.Base(rotatedAt("", 2)), filepath.Base(rotatedAt("", 3))
	// The first one was being compressed: it was gone under one name, and not yet seen under the other.
	d := &directory{names: [][]string{{second}, {first + ".zst", second}}}
	if got, err := listRotated(d, path); err != nil || len(got) != 2 {
		t.Errorf("%v %v", got, err)
	}
	// There is no live file, and two are rotated while the directory is read, of which one is missed.
	d = &directory{names: [][]string{{first}, {first}, {first, third}, {first, third}}}
	if got, err := rotatedWithout(d, path); err != nil || len(got) != 1 {
		t.Errorf("%v %v", got, err)
	}
}

// TestScanWhileItIsRotated: whatever becomes of the files meanwhile, each event is
// found once, up to some that was there when the scan began, or came since.
func TestScanWhileItIsRotated(t *testing.T) {
	dir := t.TempDir()
	live := filepath.Join(dir, "events.jsonl")
	var written atomic.Int64
	stop, done := make(chan struct{}), make(chan error, 1)
	go func() {
		done <- func() error {
			for n := 0; ; n++ {
				select {
				case <-stop:
					return nil
				default:
				}
				f, err := os.OpenFile(live, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
				if err != nil {
					return err
				}
				_, err = f.WriteString(eventLine(n))
				if err = errors.Join(err, f.Close()); err != nil {
					return err
				}
				written.Store(int64(n + 1))
				if n%7 != 0 {
					continue
				}
				name := rotatedAt(dir, n)
				if err := os.Rename(live, name); err != nil {
					return err
				}
				content, err := os.ReadFile(name)
				if err != nil {
					return err
				}
				ending := files.Endings[n%3]
				if ending == "" {
					continue
				}
				temporary := name + ".01234567.tmp"
				err = os.WriteFile(temporary, []byte(framed(t, ending, string(content))), 0o600)
				if err = errors.Join(err, os.Rename(temporary, name+ending), os.Remove(name)); err != nil {
					return err
				}
			}
		}()
	}()
	for written.Load() == 0 {
		time.Sleep(time.Millisecond)
	}
	for round := range 20 {
		before := int(written.Load())
		lines, failed, _ := scanned(t, Query{}, []string{live, dir}[round%2])
		for n, line := range lines {
			if _, text, _ := strings.Cut(line, ": "); text+"\n" != eventLine(n) {
				t.Fatalf("round %d: event %d is %s", round, n, line)
			}
		}
		if len(lines) < before || len(failed) > 0 {
			t.Fatalf("round %d: %d events, of %d; %v", round, len(lines), before, failed)
		}
	}
	close(stop)
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// TestFilesOfDeliveries are no journals, and none is taken for a rotated file.
func TestFilesOfDeliveries(t *testing.T) {
	dir := t.TempDir()
	line := eventLine(1) + "\n"
	for _, name := range []string{
		"app.dead.jsonl", "app.dead.jsonl.lock", "app.dead.jsonl.tmp", "app.dead.jsonl.1", "app.dead.jsonl-20261126", "app.dead.jsonl.gz",
		"shop.app.retry.jsonl", "shop.app.cursor", "shop.app.cursor.tmp", "shop.app.cursor.lock", "shop.app.cursor.damaged",
	} {
		path := filepath.Join(dir, "events.jsonl."+name)
		if err := os.WriteFile(path, []byte(line), 0o600); err != nil {
			t.Fatal(err)
		}
		if n, ok := files.Parse(path); ok {
			t.Errorf("%s is a rotated file of %s", name, n.Path)
		}
	}
	if lives, err := LiveIn(dir); len(lives) > 0 || err != nil {
		t.Errorf("%q, %v", lives, err)
	}
	if names := NewTrack(filepath.Join(dir, "events.jsonl"), nil).foreign(); len(names) > 0 {
		t.Errorf("an event is looked for in %q", names)
	}
	for _, name := range []string{"cursor.jsonl", "dead.jsonl", "retry.jsonl", "events.cursor.jsonl"} {
		if IsOfDelivery(filepath.Join(dir, name)) {
			t.Errorf("%s is passed over", name)
		}
	}
}
