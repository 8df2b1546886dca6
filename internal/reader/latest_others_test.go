package reader_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/files"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/files/frames"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/reader"
)

func latestFile(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestBackThroughRotation: what is rotated after the files were listed is read all the same, whether there is a new file
// or none yet.
func TestBackThroughRotation(t *testing.T) {
	for _, isNew := range []bool{true, false} {
		path := filepath.Join(t.TempDir(), "events.jsonl")
		latestFile(t, files.RotatedName(path, latestStart.Add(time.Minute)), latestLine(0, 1)+latestLine(1, 1))
		latestFile(t, path, latestLine(2, 1)+latestLine(3, 1))
		b := reader.NewBack(path)
		defer b.Close()
		if err := b.Seek(reader.Before{}); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(path, files.RotatedName(path, latestStart.Add(3*time.Minute))); err != nil {
			t.Fatal(err)
		}
		want := 4
		if isNew {
			latestFile(t, path, latestLine(4, 1))
			want = 5
		}
		got := 0
		for {
			block, err := b.Next()
			if err != nil {
				break
			}
			got += bytes.Count(block.Data, []byte("\n"))
		}
		if got != want {
			t.Errorf("a new file %t: %d lines, want %d", isNew, got, want)
		}
	}
}

// TestLatestOfManyLines takes no more memory than what is found.
func TestLatestOfManyLines(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.jsonl")
	latestFile(t, path, strings.Repeat("1\n", 1<<20))
	l := reader.Latest{Paths: []string{path}, Limit: 200, Bytes: 1 << 20, Time: time.Minute}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	l.Rest = func(time.Duration) {
		runtime.GC()
		runtime.ReadMemStats(&after)
	}
	found, next, err := l.Run(context.Background(), nil)
	if err != nil || len(found) != 200 || next.Done() {
		t.Errorf("%d found, %v", len(found), err)
	}
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 24<<20 {
		t.Errorf("%d MB", grown>>20)
	}
}

// writeForeign writes events as another program's gzip does.
func writeForeign(t *testing.T, path string, n, size int) {
	t.Helper()
	var out bytes.Buffer
	w, _ := gzip.NewWriterLevel(&out, gzip.BestSpeed)
	for i := range n {
		fmt.Fprint(w, latestLine(i, size))
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	latestFile(t, files.RotatedName(path, latestStart.Add(time.Duration(n)*time.Minute))+".gz", out.String())
}

// TestLatestOfForeignFiles gets on with what takes longer to decompress than an answer may take, and stops when nobody
// waits for it.
func TestLatestOfForeignFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.jsonl")
	const n = 20_000
	writeForeign(t, path, n, 1000)
	l := reader.Latest{Paths: []string{path}, Limit: n, Bytes: 64 << 20, Time: 200 * time.Millisecond}
	l.Query.IDs = []string{"e1"}
	var places reader.Places
	for runs := 1; !places.Done() || places == nil; runs++ {
		of, rested := l, false
		of.Rest = func(time.Duration) { // first, while the file is decompressed
			if !rested {
				time.Sleep(l.Time)
			}
			rested = true
		}
		_, next, err := of.Run(context.Background(), places)
		if err != nil {
			t.Fatal(err)
		}
		if places = next; runs > 12 {
			t.Fatalf("%d answers are not enough", runs)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	rests := 0
	l.Rest = func(time.Duration) {
		rests++
		cancel()
	}
	if _, _, err := l.Run(ctx, nil); !errors.Is(err, context.Canceled) || rests != 1 {
		t.Errorf("it goes on after nobody waits for it: %v, %d", err, rests)
	}
}

// TestLatestOfOthers: a journal that can't be looked at does not hide the others.
func TestLatestOfOthers(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "events.jsonl")
	latestFile(t, path, latestLine(0, 1))
	failed := 0
	l := reader.Latest{Paths: []string{path, dir}, Limit: 10, Bytes: 1 << 20, Time: time.Minute, Failed: func(error) { failed++ }}
	found, next, err := l.Run(context.Background(), nil)
	if err != nil || len(found) != 1 || !next.Done() || failed != 1 {
		t.Errorf("%d found, %v, %d failed", len(found), err, failed)
	}
}

// TestLatestWithoutTime: a line that has none stays with its neighbours.
func TestLatestWithoutTime(t *testing.T) {
	dir := t.TempDir()
	a, b := filepath.Join(dir, "a.jsonl"), filepath.Join(dir, "b.jsonl")
	latestFile(t, a, latestLine(8, 1)+"{}\n")
	latestFile(t, b, latestLine(1, 1)+latestLine(2, 1))
	l := reader.Latest{Paths: []string{a, b}, Limit: 2, Bytes: 1 << 20, Time: time.Minute}
	found, _, err := l.Run(context.Background(), nil)
	if err != nil || len(found) != 2 || found[0].Path != a || found[1].ID != "e8" {
		t.Errorf("%+v, %v", found, err)
	}
}

// TestLatestAfterRemoval: of very many files none is opened to find one that was removed for its age.
func TestLatestAfterRemoval(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.jsonl")
	const n = 200
	name := func(i int) string {
		return files.RotatedName(path, latestStart.Add(time.Duration(i)*time.Minute)) + ".gz"
	}
	for i := range n {
		var out bytes.Buffer
		w := gzip.NewWriter(&out)
		fmt.Fprint(w, latestLine(i, 1))
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		latestFile(t, name(i), out.String())
	}
	l := reader.Latest{Paths: []string{path}, Limit: n - 10, Bytes: 1 << 20, Time: time.Minute}
	_, places, err := l.Run(context.Background(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 20 {
		if err := os.Remove(name(i)); err != nil {
			t.Fatal(err)
		}
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	found, places, err := l.Run(context.Background(), places)
	runtime.ReadMemStats(&after)
	if err != nil || len(found) != 0 || !places.Done() {
		t.Errorf("%d found, %v", len(found), err)
	}
	if got := after.TotalAlloc - before.TotalAlloc; got > n*(20<<10) { // half of what a file is decompressed with
		t.Errorf("%d KB were needed", got>>10)
	}
}

// TestLatestThroughRotation: while events are stored, and files are rotated and compressed, each event that was there is
// found once, in the order.
func TestLatestThroughRotation(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.jsonl")
	stop, stopped := make(chan struct{}), make(chan error, 1)
	n := 0
	add := func() error {
		f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			return err
		}
		var text strings.Builder
		for range 50 {
			text.WriteString(latestLine(n, 100))
			n++
		}
		_, err = f.WriteString(text.String())
		return errors.Join(err, f.Close())
	}
	for range 10 {
		if err := add(); err != nil {
			t.Fatal(err)
		}
	}
	go func() {
		var previous string
		var err error
		for i := 0; err == nil; i++ {
			select {
			case <-stop:
				stopped <- nil
				return
			default:
			}
			err = add()
			if i%5 > 0 || err != nil {
				continue
			}
			if previous != "" {
				var out bytes.Buffer
				text, readErr := os.ReadFile(previous)
				err = errors.Join(readErr, frames.WriteZstd(&out, bytes.NewReader(text)),
					os.WriteFile(previous+".zst.tmp", out.Bytes(), 0o600), os.Rename(previous+".zst.tmp", previous+".zst"), os.Remove(previous))
			}
			previous = files.RotatedName(path, latestStart.Add(time.Duration(n)*time.Minute))
			err = errors.Join(err, os.Rename(path, previous))
			time.Sleep(5 * time.Millisecond)
		}
		stopped <- err
	}()
	for end := time.Now().Add(time.Second); time.Now().Before(end); {
		var places reader.Places
		last := -1
		for !places.Done() || places == nil {
			l := reader.Latest{Paths: []string{path}, Limit: 70, Bytes: 1 << 20, Time: time.Minute, Failed: func(err error) { t.Error(err) }}
			found, next, err := l.Run(context.Background(), places)
			if err != nil {
				t.Fatal(err)
			}
			places = next
			for _, e := range found {
				var i int
				if _, err := fmt.Sscanf(e.ID, "e%d", &i); err != nil || last >= 0 && i != last-1 {
					t.Fatalf("%s after e%d", e.ID, last)
				}
				last = i
			}
		}
		if last != 0 {
			t.Fatalf("it ends at e%d", last)
		}
	}
	close(stop)
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}
