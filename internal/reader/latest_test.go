package reader_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/files"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/files/frames"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/reader"
)

var latestStart = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

// latestLine is the event number n, a minute after the one before it.
func latestLine(n, size int) string {
	return fmt.Sprintf(`{"specversion":"1.0","id":"e%d","source":"/s","type":"t%d","time":%q,"data":{"n":%d,"x":%q}}`+"\n",
		n, n%3, latestStart.Add(time.Duration(n)*time.Minute).Format(time.RFC3339), n, strings.Repeat("x", size))
}

// latest runs until everything was looked at, each time with what the last one says, and returns the
// ids that were found.
func latest(t *testing.T, l reader.Latest) (ids []string, runs int) {
	t.Helper()
	var places reader.Places
	for runs = 1; ; runs++ {
		of := l
		found, next, err := of.Run(context.Background(), places)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range found {
			if ids = append(ids, e.ID); len(ids)%97 != 1 {
				continue
			}
			track := reader.NewTrack(e.Path, nil)
			if line, err := track.At(e.Position); err != nil || !bytes.Equal(bytes.TrimSpace(line), e.Text) {
				t.Errorf("%s at its position: %q, %v", e.ID, line, err)
			}
			track.Close()
		}
		text, err := json.Marshal(next)
		if err != nil {
			t.Fatal(err)
		}
		places = nil
		if err := json.Unmarshal(text, &places); err != nil {
			t.Fatal(err)
		}
		if places.Done() {
			if of.Files != of.Of {
				t.Errorf("%d of %d files were looked at", of.Files, of.Of)
			}
			return ids, runs
		}
	}
}

func wantIDs(t *testing.T, got []string, from, to int, fits func(n int) bool) {
	t.Helper()
	var want []string
	for n := from; n >= to; n-- {
		if fits == nil || fits(n) {
			want = append(want, fmt.Sprint("e", n))
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("%d found, want %d; the first: %.10q, want %.10q", len(got), len(want), got[:min(5, len(got))], want[:min(5, len(want))])
	}
}

// writeLatest writes a journal of files in all forms, and returns how many events are in it.
func writeLatest(t *testing.T, path string, form string, sizes *rand.Rand) int {
	t.Helper()
	n := 0
	for i := range 4 {
		var b bytes.Buffer
		for range 100 + 300*i {
			size := sizes.IntN(1000)
			if sizes.IntN(400) == 0 {
				size = 1<<20 + sizes.IntN(3<<20)
			}
			b.WriteString(latestLine(n, size))
			n++
		}
		name := path
		if i < 3 {
			name = files.RotatedName(path, latestStart.Add(time.Duration(n)*time.Minute))
		} else {
			b.WriteString(`{"specversion":"1.0","id":"torn"`)
		}
		var out bytes.Buffer
		var err error
		switch ending := ""; {
		case i == 3 || form == "plain":
			out = b
		default:
			switch form {
			case "gzip in frames":
				ending, err = ".gz", frames.WriteGzip(&out, &b)
			case "zstd in frames":
				ending, err = ".zst", frames.WriteZstd(&out, &b)
			case "gzip":
				ending = ".gz"
				w := gzip.NewWriter(&out)
				_, _ = w.Write(b.Bytes())
				err = w.Close()
			}
			name += ending
		}
		if err == nil {
			err = os.WriteFile(name, out.Bytes(), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return n
}

// TestLatest finds all events, and those that are wanted, from the newest to the oldest, however little is
// read at a time, in files of every form.
func TestLatest(t *testing.T) {
	for _, form := range []string{"plain", "gzip in frames", "zstd in frames", "gzip"} {
		t.Run(form, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "events.jsonl")
			n := writeLatest(t, path, form, rand.New(rand.NewPCG(1, 2)))
			all := reader.Latest{Paths: []string{path}, Limit: 100, Bytes: 64 << 20, Time: time.Minute}
			got, runs := latest(t, all)
			wantIDs(t, got, n-1, 0, nil)
			if runs < n/100 {
				t.Errorf("%d events in %d runs", n, runs)
			}
			some := all
			some.Query.Types, some.Limit = []string{"t1"}, 10_000
			got, runs = latest(t, some)
			wantIDs(t, got, n-1, 0, func(n int) bool { return n%3 == 1 })
			if runs != 1 {
				t.Errorf("%d runs", runs)
			}
			few := some
			few.Bytes = 1
			got, runs = latest(t, few)
			wantIDs(t, got, n-1, 0, func(n int) bool { return n%3 == 1 })
			if runs < 5 {
				t.Errorf("%d runs", runs)
			}
			one := all
			one.Query.Texts = []string{`"n":1,`}
			got, _ = latest(t, one)
			wantIDs(t, got, 1, 1, nil)
			between := all
			between.Query.Since, between.Query.Until = latestStart.Add(500*time.Minute), latestStart.Add(600*time.Minute)
			got, _ = latest(t, between)
			wantIDs(t, got, 599, 500, nil)
			mine := all
			mine.Wants = func(of string, e *reader.Event) bool { return of == path && e.ID == "e7" }
			got, _ = latest(t, mine)
			wantIDs(t, got, 7, 7, nil)
		})
	}
}

// TestLatestPassesOver what was rotated before, or after, the times that are wanted.
func TestLatestPassesOver(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.jsonl")
	for i := range 10 {
		at := latestStart.AddDate(0, 0, i)
		line := strings.Replace(latestLine(i, 1), latestStart.Add(time.Duration(i)*time.Minute).Format(time.RFC3339), at.Add(-time.Hour).Format(time.RFC3339), 1)
		if err := os.WriteFile(files.RotatedName(path, at), []byte(strings.Repeat(line, 1000)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	l := reader.Latest{Paths: []string{path}, Limit: 10_000, Bytes: 1 << 30, Time: time.Minute}
	l.Query.Since, l.Query.Until = latestStart.AddDate(0, 0, 3).Add(-2*time.Hour), latestStart.AddDate(0, 0, 4).Add(-2*time.Hour)
	found, next, err := l.Run(context.Background(), nil)
	if err != nil || len(found) != 1000 || found[0].ID != "e3" || !next.Done() || l.Files != 10 || l.Of != 10 || l.Read > 3*200<<10 {
		t.Errorf("%d found, %v, %+v", len(found), err, l)
	}
}

// TestLatestMerges several journals by the times of their events.
func TestLatestMerges(t *testing.T) {
	dir := t.TempDir()
	var paths []string
	var texts [3]bytes.Buffer
	random := rand.New(rand.NewPCG(3, 4))
	const n = 2000
	for i := range n {
		texts[random.IntN(len(texts))].WriteString(latestLine(i, random.IntN(3000)))
	}
	for i := range texts {
		paths = append(paths, filepath.Join(dir, fmt.Sprint(i, ".jsonl")))
		if err := os.WriteFile(paths[i], texts[i].Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	paths = append(paths, filepath.Join(dir, "none.jsonl"))
	for _, limit := range []int{60, 2 * n} {
		for _, size := range []int64{1, 1 << 30} {
			got, _ := latest(t, reader.Latest{Paths: paths, Limit: limit, Bytes: size, Time: time.Minute})
			wantIDs(t, got, n-1, 0, nil)
		}
	}
}

// TestLatestGoesOn from where it was, whatever becomes of the files meanwhile: what is stored
// later does not come, and what was removed is passed over.
func TestLatestGoesOn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.jsonl")
	append_ := func(from, to int) {
		f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		for n := from; n < to; n++ {
			fmt.Fprint(f, latestLine(n, 500))
		}
		_ = f.Close()
	}
	rotate := func(n int, write func(w *bytes.Buffer, text []byte) error, ending string) string {
		name := files.RotatedName(path, latestStart.Add(time.Duration(n)*time.Minute))
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if err := write(&out, text); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(os.Remove(path), os.WriteFile(name+ending, out.Bytes(), 0o600)); err != nil {
			t.Fatal(err)
		}
		return name + ending
	}
	plain := func(w *bytes.Buffer, text []byte) error { w.Write(text); return nil }
	zstd := func(w *bytes.Buffer, text []byte) error { return frames.WriteZstd(w, bytes.NewReader(text)) }
	append_(0, 1000)
	oldest := rotate(1000, zstd, ".zst")
	append_(1000, 2000)
	rotate(2000, plain, "")
	append_(2000, 3000)

	var places reader.Places
	var got []string
	run := func(limit int) {
		t.Helper()
		l := reader.Latest{Paths: []string{path}, Limit: limit, Bytes: 1 << 30, Time: time.Minute}
		found, next, err := l.Run(context.Background(), places)
		if err != nil {
			t.Fatal(err)
		}
		places = next
		for _, e := range found {
			got = append(got, e.ID)
		}
	}
	run(1)
	append_(3000, 3500)
	run(100)
	rotate(3500, zstd, ".zst")
	run(100)
	append_(3500, 3600)
	run(500)
	run(500)
	wantIDs(t, got, 2999, 2999-1200, nil)
	if err := os.Remove(oldest); err != nil {
		t.Fatal(err)
	}
	run(10_000)
	wantIDs(t, got, 2999, 1000, nil)
	if !places.Done() {
		t.Error("there is more")
	}
}

// TestLatestOfDamage finds what is before and after it.
func TestLatestOfDamage(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.jsonl")
	var text, out bytes.Buffer
	const n = 8000
	for i := range n {
		text.WriteString(latestLine(i, 500))
	}
	if err := frames.WriteZstd(&out, &text); err != nil {
		t.Fatal(err)
	}
	damaged := out.Bytes()
	index := frames.Index(bytes.NewReader(damaged), int64(len(damaged)))
	damaged[index[2].Offset+index[2].Size/2] ^= 0xff
	if err := os.WriteFile(files.RotatedName(path, latestStart.AddDate(0, 0, 7))+".zst", damaged, 0o600); err != nil {
		t.Fatal(err)
	}
	var failed []error
	l := reader.Latest{Paths: []string{path}, Limit: n, Bytes: 1 << 30, Time: time.Minute, Failed: func(err error) { failed = append(failed, err) }}
	found, next, err := l.Run(context.Background(), nil)
	if err != nil || !next.Done() || len(failed) != 1 || len(found) < n-2500 || len(found) > n-1000 || found[0].ID != fmt.Sprint("e", n-1) || found[len(found)-1].ID != "e0" {
		t.Errorf("%d found, %v, failed: %v", len(found), err, failed)
	}
}
