package dedupe

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/files"
)

// storedLine is the line of an event with a key, as it was stored so long ago.
func storedLine(key string, ago time.Duration) string {
	return fmt.Sprintf(`{"specversion":"1.0","id":"1","source":"https://h/","type":"t","time":%q,"datacontenttype":"application/json","dedupekey":%q,"data":{"a":1}}`+"\n",
		time.Now().Add(-ago).UTC().Format(time.RFC3339Nano), KeyOf(key))
}

// shareFile shares the memory of what is stored in a file, and waits until that is read.
func shareFile(t testing.TB, path string, window time.Duration) (d *Deduplicator, events int, release func()) {
	t.Helper()
	read := make(chan int, 1)
	d, release = Share(t.Name()+path, window, &File{Path: path, Read: func(events int, _ time.Duration, err error) {
		if err != nil {
			t.Error(err)
		}
		read <- events
	}})
	t.Cleanup(release)
	select {
	case events = <-read:
	case <-time.After(time.Minute):
		t.Fatal("not read within a minute")
	}
	return d, events, release
}

func isKnown(t *testing.T, d *Deduplicator, key string, window time.Duration) bool {
	t.Helper()
	known, err := d.Do(context.Background(), KeyOf(key), window, func() error { return context.Canceled }) // so that it is not from now on
	if !known && err != context.Canceled {
		t.Error(err)
	}
	return known
}

// TestReadBack: what was stored within the window is known, wherever it is by now; and
// nothing else is.
func TestReadBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.jsonl")
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var zipped, zstandard bytes.Buffer
	gz := gzip.NewWriter(&zipped)
	_, _ = io.WriteString(gz, storedLine("gzip", 30*time.Minute))
	_ = gz.Close()
	zs, err := zstd.NewWriter(&zstandard)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(zs, storedLine("zstd", 20*time.Minute))
	_ = zs.Close()
	rotated := func(ago time.Duration) string { return files.RotatedName(path, time.Now().Add(-ago)) }

	write(rotated(5*time.Hour), storedLine("in a file that is too old", time.Minute))
	write(rotated(90*time.Minute), storedLine("from a clock that was behind", 40*time.Minute))
	write(rotated(30*time.Minute)+".gz", zipped.String())
	write(rotated(20*time.Minute)+".zst", zstandard.String())
	write(rotated(10*time.Minute), storedLine("rotated", 10*time.Minute)+storedLine("too old", 61*time.Minute))
	write(rotated(-48*time.Hour), storedLine("in a file from the future", 10*time.Minute))
	aside := rotated(5 * time.Minute)
	write(aside, storedLine("set aside", 5*time.Minute))
	if err := os.Chmod(aside, 0o400); err != nil {
		t.Fatal(err)
	}
	torn := storedLine("torn", time.Minute)
	write(path, storedLine("live", time.Minute)+torn[:len(torn)-4]+"\n"+
		`{"specversion":"1.0","id":"1","source":"/","type":"t","time":"`+time.Now().UTC().Format(time.RFC3339)+`","data":{"dedupekey":"`+KeyOf("in data").String()+`"}}`+"\n"+
		storedLine("from the future", -time.Minute)+`{"dedupekey":"x"}`+"\nrubbish\n"+storedLine("after rubbish", time.Minute)+torn[:100])

	d, events, release := shareFile(t, path, time.Hour)
	known := 0
	for key, want := range map[string]bool{
		"live": true, "rotated": true, "gzip": true, "zstd": true, "from a clock that was behind": true, "in a file from the future": true, "after rubbish": true,
		"too old": false, "in a file that is too old": false, "set aside": false, "torn": false, "in data": false, "from the future": false, "another": false,
	} {
		if got := isKnown(t, d, key, time.Hour); got != want {
			t.Errorf("%s: known %t", key, got)
		}
		if want {
			known++
		}
	}
	if events != known {
		t.Errorf("%d events, want %d", events, known)
	}
	if isKnown(t, d, "gzip", 25*time.Minute) {
		t.Error("an event is known that is older than the receiver's window")
	}

	// A longer window reads what is older.
	longer, events, releaseLonger := shareFile(t, path, 3*time.Hour)
	if longer != d || events != known+1 || !isKnown(t, d, "too old", 3*time.Hour) || isKnown(t, d, "too old", time.Hour) {
		t.Errorf("%d events, %t", events, isKnown(t, d, "too old", 3*time.Hour))
	}
	release()
	releaseLonger()
}

// TestReadBackOnlyTheDurable: what is written once a file was fsynced need not get to the
// disk, and its sender may be told so.
func TestReadBackOnlyTheDurable(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.jsonl")
	before := storedLine("before", time.Minute)
	if err := os.WriteFile(path, []byte(before), 0o600); err != nil {
		t.Fatal(err)
	}
	since := time.Now().Add(-time.Hour)
	opened, err := openDurably(path)
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	if err := os.WriteFile(path, []byte(before+storedLine("after", time.Minute)), 0o600); err != nil {
		t.Fatal(err)
	}
	d := newDeduplicator()
	if events, err := d.readFile(context.Background(), opened, since); err != nil || events != 1 || isKnown(t, d, "after", time.Hour) || !isKnown(t, d, "before", time.Hour) {
		t.Errorf("%d events (%v), after it: %t", events, err, isKnown(t, d, "after", time.Hour))
	}
}

// TestReadBackNothing: there need not be anything.
func TestReadBackNothing(t *testing.T) {
	for _, path := range []string{filepath.Join(t.TempDir(), "events.jsonl"), filepath.Join(t.TempDir(), "none", "events.jsonl")} {
		if _, events, _ := shareFile(t, path, time.Hour); events != 0 {
			t.Errorf("%d events", events)
		}
	}
}

// TestReadBackRemembersTheNewest where there is no room for all.
func TestReadBackRemembersTheNewest(t *testing.T) {
	const limit = 10_000
	d := newDeduplicator()
	d.limit = limit
	for i := range limit + 10 {
		d.found(KeyOf(fmt.Sprint(i)), time.Now().Add(-time.Hour+time.Duration(i)))
	}
	if len(d.stored) != limit || d.read.len() != limit {
		t.Errorf("%d, %d", len(d.stored), d.read.len())
	}
	if isKnown(t, d, "9", 2*time.Hour) || !isKnown(t, d, "10", 2*time.Hour) {
		t.Error("the oldest are not those that were forgotten")
	}
	for i := range 100 { // what comes now takes their places
		_, _ = d.Do(context.Background(), KeyOf("now", fmt.Sprint(i)), 2*time.Hour, func() error { return nil })
	}
	if d.read.len() != limit-100 || d.order.len() != 100 {
		t.Errorf("%d, %d", d.read.len(), d.order.len())
	}
}

// TestFirstSince has it found out where to begin in a large file.
func TestFirstSince(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.jsonl")
	const n = 60_000
	writeEvents(t, path, n, func(i int) time.Duration { return time.Duration(n-i) * time.Minute })
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	for _, ago := range []int{0, 1, n / 3, n / 2, n - 1, 2 * n} {
		begin := firstSince(f, info.Size(), time.Now().Add(-time.Duration(ago)*time.Minute))
		wanted := info.Size() * int64(max(0, n-ago)) / n
		if begin > wanted || wanted-begin > 4<<20 {
			t.Errorf("%d minutes ago: %d, want a little less than %d", ago, begin, wanted)
		}
		before := make([]byte, 1)
		if _, err := f.ReadAt(before, max(0, begin-1)); err != nil || begin > 0 && before[0] != '\n' {
			t.Errorf("%d minutes ago: not at the beginning of a line", ago)
		}
	}
}

func writeEvents(t testing.TB, path string, n int, ago func(int) time.Duration) {
	t.Helper()
	sample, err := os.ReadFile("../../bench/sample.json")
	if err != nil {
		t.Fatal(err)
	}
	data := bytes.ReplaceAll(bytes.TrimSpace(sample), []byte("\n"), []byte(" "))
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w := bufio.NewWriterSize(f, 1<<20)
	now := time.Now()
	for i := range n {
		fmt.Fprintf(w, `{"specversion":"1.0","id":"%d","source":"https://hooks.example.com/webhooks","type":"t","time":%q,"datacontenttype":"application/json","dedupekey":%q,"data":%s}`+"\n",
			i, now.Add(-ago(i)).UTC().Format("2006-01-02T15:04:05.000000Z07:00"), KeyOf(fmt.Sprint(i)), data)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// BenchmarkReadBack reads a million events of 1.3 kB.
func BenchmarkReadBack(b *testing.B) {
	path := filepath.Join(b.TempDir(), "events.jsonl")
	const n = 1_000_000
	writeEvents(b, path, n, func(i int) time.Duration { return time.Duration(n-i) * time.Millisecond })
	b.ResetTimer()
	for range b.N {
		runtime.GC()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		d, events, release := shareFile(b, path, time.Hour)
		if events != n || len(d.stored) != n {
			b.Errorf("%d events", events)
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/1e6, "MB")
		b.ReportMetric(float64(after.HeapSys-before.HeapSys)/1e6, "MB-heap")
		release()
	}
}
