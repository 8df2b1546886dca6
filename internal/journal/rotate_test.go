package journal

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/files"
)

func rotating(r Rotation) *Options {
	return &Options{Mode: 0o600, DirMode: 0o700, Rotation: r}
}

func TestRotationBySize(t *testing.T) {
	j, fsys := newJournal(t)
	o := rotating(Rotation{Size: 20})
	for _, line := range []string{"123456789\n", "123456789\n", "a\n", "a line longer than the limit\n", "b\n"} {
		mustAppend(t, j, o, line)
	}
	awaitIdle(t, j)
	want := []string{"123456789\n123456789\n", "a\n", "a line longer than the limit\n", "b\n"}
	if got := contents(t, fsys.root); !reflect.DeepEqual(got, want) {
		t.Errorf("files in order %q, want %q", got, want)
	}
	for _, name := range names(t, fsys.root) {
		if name != "events.jsonl" && !rotated.MatchString(name) {
			t.Errorf("a file is called %s", name)
		}
	}
}

// Many lines that come at once do not go over the limit either, and none is
// lost, split or there twice.
func TestRotationOfBatches(t *testing.T) {
	j, fsys := newJournal(t)
	o := rotating(Rotation{Size: 100})
	var group sync.WaitGroup
	for i := range 50 {
		group.Add(1)
		go func() {
			defer group.Done()
			for n := range 20 {
				mustAppend(t, j, o, fmt.Sprintf("%d of %d\n", n, i))
			}
		}()
	}
	group.Wait()
	for _, content := range contents(t, fsys.root) {
		if len(content) > 100 || len(content) == 0 {
			t.Errorf("a file has %d bytes", len(content))
		}
	}
	lines := linesBelow(t, fsys.root)
	if len(lines) != 1000 {
		t.Errorf("%d lines, want 1000", len(lines))
	}
	for line, n := range lines {
		if n != 1 {
			t.Errorf("%q is there %d times", line, n)
		}
	}
}

// TestRotationWhileNobodyIsRegistered: between two configs there may be lines of the first
// alone, whose wishes are released. They hold until somebody else has some.
func TestRotationWhileNobodyIsRegistered(t *testing.T) {
	j, fsys := newJournal(t)
	o := rotating(Rotation{Size: 20})
	mustAppend(t, j, o, "123456789\n")
	j.Release(o)
	mustAppend(t, j, o, "23456789a\n")
	mustAppend(t, j, o, "3456789ab\n")
	mustAppend(t, j, rotating(Rotation{Size: 40}), "456789abc\n")
	mustAppend(t, j, o, "56789abcd\n")
	awaitIdle(t, j)
	want := []string{"123456789\n23456789a\n", "3456789ab\n456789abc\n56789abcd\n"}
	if got := contents(t, fsys.root); !reflect.DeepEqual(got, want) {
		t.Errorf("files in order %q, want %q", got, want)
	}
}

func TestRotationByTime(t *testing.T) {
	for name, test := range map[string]struct {
		lastWrite time.Time
		rotate    bool
	}{
		"just now":             {time.Now(), false},
		"in the last interval": {time.Now().Add(-24 * time.Hour), true},
		"long ago":             {time.Now().Add(-999 * time.Hour), true},
	} {
		t.Run(name, func(t *testing.T) {
			j, fsys := newJournal(t)
			write(t, j.file.path, "from before a restart\n")
			if err := os.Chtimes(j.file.path, test.lastWrite, test.lastWrite); err != nil {
				t.Fatal(err)
			}
			o := rotating(Rotation{Interval: 24 * time.Hour})
			if now := time.Now(); now.Truncate(24*time.Hour).Add(24*time.Hour).Sub(now) < time.Minute {
				o.Interval = 25 * time.Hour // midnight is no time for this test
			}
			mustAppend(t, j, o, "one\n")
			mustAppend(t, j, o, "two\n")
			want := []string{"from before a restart\none\ntwo\n"}
			if test.rotate {
				want = []string{"from before a restart\n", "one\ntwo\n"}
			}
			if got := contents(t, fsys.root); !reflect.DeepEqual(got, want) {
				t.Errorf("%q, want %q", got, want)
			}

			// The clock goes on while the file is open.
			awaitIdle(t, j)
			j.file.open.lastWrite = j.file.open.lastWrite.Add(-o.Interval)
			mustAppend(t, j, o, "three\n")
			if got := read(t, j.file.path); got != "three\n" {
				t.Errorf("%q after the interval has passed", got)
			}
		})
	}
}

func TestEmptyFileIsNotRotated(t *testing.T) {
	j, fsys := newJournal(t)
	write(t, j.file.path, "")
	if err := os.Chtimes(j.file.path, time.Time{}, time.Unix(0, 0)); err != nil {
		t.Fatal(err)
	}
	mustAppend(t, j, rotating(Rotation{Size: 1, Interval: time.Hour}), "one\n")
	if got := names(t, fsys.root); len(got) != 1 {
		t.Errorf("%q", got)
	}
}

func TestEarlierRotationAndLongerKeepingHold(t *testing.T) {
	j, fsys := newJournal(t)
	early, late := rotating(Rotation{Size: 10, Keep: 1}), rotating(Rotation{Size: 100, Keep: 3})
	for i := range 10 {
		mustAppend(t, j, []*Options{early, late}[i%2], fmt.Sprintf("line %d\n", i))
		awaitIdle(t, j)
	}
	if got := contents(t, fsys.root); !reflect.DeepEqual(got, []string{"line 6\n", "line 7\n", "line 8\n", "line 9\n"}) {
		t.Errorf("%q", got)
	}

	// Whoever has gone has no say any more.
	j.Release(early)
	mustAppend(t, j, early, "from a request in flight\n")
	mustAppend(t, j, late, "line 11\n")
	if got := read(t, j.file.path); got != "line 9\nfrom a request in flight\nline 11\n" {
		t.Errorf("%q", got)
	}
}

// Only names of exactly the form of a rotated file are touched.
func TestOthersFilesAreNotTouched(t *testing.T) {
	j, fsys := newJournal(t)
	others := []string{
		"events-2026-11-23T17-04-58.jsonl", "events-2026-11-23T17-04-58.1234.jsonl", "events-2026-11-23T17-04-58.123.jsonl.bak",
		"events-2026-02-31T17-04-58.123.jsonl", "events-2026-11-23T17-04-58.123.jsonl.gz.zst", "events-2026-11-23T17-04-58.123.jsonl.GZ",
		"events-2026-11-23T17-04-58.123", "other-2026-11-23T17-04-58.123.jsonl", "xevents-2026-11-23T17-04-58.123.jsonl",
		"events.jsonl.1", "events-2026-11-23t17-04-58.123.jsonl", "events-2026-11-23T17-04-58,123.jsonl",
		"events-2026-11-23T17-04-58.123.jsonl.tmp",
	}
	for _, name := range others {
		write(t, filepath.Join(fsys.root, name), "mine\n")
	}
	ours := []string{
		"events-2026-11-23T17-04-58.123.jsonl", "events-2026-11-23T17-04-58.124.jsonl.gz", "events-2026-11-23T17-04-58.125.jsonl.zst",
	}
	for _, name := range ours {
		write(t, filepath.Join(fsys.root, name), "spent\n")
	}
	mustAppend(t, j, rotating(Rotation{KeepFor: time.Nanosecond, Compression: files.Gzip}), "one\n")
	awaitIdle(t, j)
	want := append([]string{"events.jsonl"}, others...)
	slices.Sort(want)
	if got := names(t, fsys.root); !reflect.DeepEqual(got, want) {
		t.Errorf("left: %q, want %q", got, want)
	}
}

func TestCompression(t *testing.T) {
	for _, c := range []files.Compression{files.Gzip, files.Zstd} {
		t.Run(string(c), func(t *testing.T) {
			j, fsys := newJournal(t)
			o := rotating(Rotation{Size: 1, Compression: c})
			o.Mode = 0o640
			mustAppend(t, j, o, "one\n")
			mustAppend(t, j, o, "two\n")
			mustAppend(t, j, o, "three\n")
			awaitIdle(t, j)
			for _, name := range names(t, fsys.root) {
				if name == "events.jsonl" {
					continue
				}
				if original, ok := strings.CutSuffix(name, string(c)); !ok || !rotated.MatchString(original) {
					t.Errorf("a file is called %s", name)
				}
				if info, err := os.Stat(filepath.Join(fsys.root, name)); err != nil || info.Mode() != 0o640 {
					t.Errorf("%s: %v, %v", name, info.Mode(), err)
				}
			}
			if got := linesBelow(t, fsys.root); !reflect.DeepEqual(got, map[string]int{"one\n": 1, "two\n": 1, "three\n": 1}) {
				t.Errorf("%v", got)
			}
		})
	}
}

// A crash in the middle of compressing a file leaves its original and any of
// these; the next start picks it up.
func TestCompressionIsPickedUpAfterACrash(t *testing.T) {
	const original = "events-2026-11-23T17-04-58.123.jsonl"
	done := gzipped(t, "one\n")
	for name, test := range map[string]struct {
		left  map[string]string
		want  []string
		fails bool
	}{
		"nothing":                     {nil, []string{original + ".gz"}, false},
		"part of a temporary file":    {map[string]string{original + ".00000001.tmp": done[:9]}, []string{original + ".00000001.tmp", original + ".gz"}, false},
		"a reserved name":             {map[string]string{original + ".gz": ""}, []string{original + ".gz"}, false},
		"the compressed form":         {map[string]string{original + ".gz": done}, []string{original + ".gz"}, false},
		"one of another compression":  {map[string]string{original + ".zst": zstandard(t, "one\n")}, []string{original + ".zst"}, false},
		"part of it, by somebody":     {map[string]string{original + ".gz": done[:9]}, []string{original, original + ".gz"}, true},
		"something else, by somebody": {map[string]string{original + ".gz": gzipped(t, "two\n")}, []string{original, original + ".gz"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			j, fsys := newJournal(t)
			write(t, filepath.Join(fsys.root, original), "one\n")
			for name, content := range test.left {
				write(t, filepath.Join(fsys.root, name), content)
			}
			var failed atomic.Int32
			o := rotating(Rotation{Compression: files.Gzip})
			o.RotationFailed = func(error) { failed.Add(1) }
			mustAppend(t, j, o, "now\n")
			awaitIdle(t, j)
			if got := names(t, fsys.root); !reflect.DeepEqual(got, append(test.want, "events.jsonl")) {
				t.Errorf("%q, want %q", got, test.want)
			}
			if (failed.Load() > 0) != test.fails {
				t.Errorf("RotationFailed was called %d times", failed.Load())
			}
			if got := linesBelow(t, fsys.root)["one\n"]; got < 1 {
				t.Error("the line is gone")
			}
		})
	}
}

func TestOldTemporaryFilesAreRemoved(t *testing.T) {
	j, fsys := newJournal(t)
	const name = "events-2026-11-23T17-04-58.123.jsonl"
	old := time.Now().Add(-2 * time.Hour)
	for name, content := range map[string]string{name + ".01234567.tmp": "x", name: ""} {
		path := filepath.Join(fsys.root, name)
		write(t, path, content)
		if err := os.Chtimes(path, old, old); err != nil {
			t.Fatal(err)
		}
	}
	mustAppend(t, j, rotating(Rotation{Compression: files.Gzip}), "one\n")
	awaitIdle(t, j)
	if got := names(t, fsys.root); len(got) != 1 {
		t.Errorf("%q", got)
	}
}

// What is kept as it is costs next to nothing, however many files there are: they
// are looked at for what was left over, once an hour.
func TestRotatedFilesThatStayAreNotLookedAt(t *testing.T) {
	j, fsys := newJournal(t)
	o := rotating(Rotation{Size: 1})
	mustAppend(t, j, o, "one\n")
	awaitIdle(t, j)
	before := fsys.count(opReadDir)
	mustAppend(t, j, o, "two\n") // each for the names that there are
	mustAppend(t, j, o, "three\n")
	mustAppend(t, j, o, "four\n")
	awaitIdle(t, j)
	if n := fsys.count(opReadDir); before != 1 || n != 4 {
		t.Errorf("the directory was read %d times, and %d in the end", before, n)
	}
}

// Without a directory there is nothing to keep: that is no failure of its own.
func TestKeepingWithoutDirectory(t *testing.T) {
	for name, missing := range map[string]error{"removed": fs.ErrNotExist, "replaced by a file": syscall.ENOTDIR} {
		t.Run(name, func(t *testing.T) {
			j, fsys := newJournal(t)
			fsys.fail(opReadDir, 0, missing)
			o := rotating(Rotation{Keep: 1})
			o.RotationFailed = func(err error) { t.Error(err) }
			mustAppend(t, j, o, "one\n")
			awaitIdle(t, j)
			if n := fsys.count(opReadDir); n != 1 {
				t.Errorf("the directory was read %d times", n)
			}
		})
	}
}

// Better too long a file than no events.
func TestFailedRotationLosesNothing(t *testing.T) {
	j, fsys := newJournal(t)
	var failed atomic.Int32
	o := rotating(Rotation{Size: 5})
	o.RotationFailed = func(error) { failed.Add(1) }
	mustAppend(t, j, o, "one\n")
	again := fsys.fail(opRename, 0, errDisk)
	mustAppend(t, j, o, "two\n")
	mustAppend(t, j, o, "three\n")
	if n := failed.Load(); n != 1 {
		t.Errorf("RotationFailed was called %d times, want once in a second", n)
	}
	if got := read(t, j.file.path); got != "one\ntwo\nthree\n" {
		t.Errorf("%q", got)
	}
	again()
	awaitIdle(t, j)
	j.file.rotationAgain = time.Time{}
	mustAppend(t, j, o, "four\n")
	if got := contents(t, fsys.root); !reflect.DeepEqual(got, []string{"one\ntwo\nthree\n", "four\n"}) {
		t.Errorf("%q", got)
	}
}

// A file is compressed while events come, and a hung disk in the background
// holds up none of them.
func TestKeepingDoesNotHoldUpLines(t *testing.T) {
	j, fsys := newJournal(t)
	o := rotating(Rotation{Size: 1, Compression: files.Zstd})
	mustAppend(t, j, o, "one\n")
	mustAppend(t, j, o, "two\n")
	awaitIdle(t, j)
	hung := fsys.block(t, opRemove) // of what was compressed
	mustAppend(t, j, o, "more\n")
	hung.await(t)
	mustAppend(t, j, o, "three\n")
	mustAppend(t, j, o, "four\n")
	hung.open(nil)
	awaitIdle(t, j)
	if got := len(names(t, fsys.root)); got != 5 {
		t.Errorf("%d files", got)
	}
	if got := linesBelow(t, fsys.root); len(got) != 5 {
		t.Errorf("%v", got)
	}
}

// newKeeper is that of a journal with one caller.
func newKeeper(fsys files.FS, dir string, r Rotation) *files.Keeper {
	j := New(filepath.Join(dir, "events.jsonl"), fsys)
	o := rotating(r)
	j.keeper.Register(o, o.wishes())
	return j.keeper
}

// contents returns what is in the files below dir, the rotated ones first, in
// their order.
func contents(t testing.TB, dir string) []string {
	t.Helper()
	var all []string
	for _, name := range names(t, dir) {
		all = append(all, read(t, filepath.Join(dir, name)))
	}
	return all
}

func isCompressed(path string) bool {
	c := files.Compression(filepath.Ext(path))
	return c == files.Gzip || c == files.Zstd
}

func decompressed(path string, content []byte) []byte {
	var r io.Reader = bytes.NewReader(content)
	var err error
	switch files.Compression(filepath.Ext(path)) {
	case files.Gzip:
		r, err = gzip.NewReader(r)
	case files.Zstd:
		r, err = zstd.NewReader(r)
	}
	if err != nil {
		return nil
	}
	plain, err := io.ReadAll(r)
	if err != nil {
		return nil
	}
	return plain
}

func gzipped(t testing.TB, content string) string {
	return compressedBy(t, content, func(w io.Writer) (io.WriteCloser, error) { return gzip.NewWriter(w), nil })
}

func zstandard(t testing.TB, content string) string {
	return compressedBy(t, content, func(w io.Writer) (io.WriteCloser, error) { return zstd.NewWriter(w) })
}

func compressedBy(t testing.TB, content string, compressor func(io.Writer) (io.WriteCloser, error)) string {
	t.Helper()
	var b bytes.Buffer
	w, err := compressor(&b)
	if err == nil {
		_, err = io.WriteString(w, content)
		err = errors.Join(err, w.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}
