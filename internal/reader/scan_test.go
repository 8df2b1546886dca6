package reader

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/files/frames"
)

// framed is a file's content as the receiver compresses it.
func framed(t testing.TB, ending, content string) string {
	t.Helper()
	var b bytes.Buffer
	write := frames.WriteZstd
	if ending == ".gz" {
		write = frames.WriteGzip
	}
	if err := write(&b, strings.NewReader(content)); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// rotatedAt is the name of a file that was rotated at the nth event of a test.
func rotatedAt(dir string, n int) string {
	return filepath.Join(dir, time.Date(2026, 11, 23, 12, 0, n, 0, time.UTC).Format("events-2006-01-02T15-04-05.000.jsonl"))
}

func linesOf(content string) map[string]bool {
	known := make(map[string]bool)
	for _, line := range strings.SplitAfter(content, "\n") {
		known[line] = true
	}
	return known
}

// scanned is what a scan finds, as text, and what went wrong.
func scanned(t testing.TB, q Query, args ...string) (lines []string, failed []error, s *Scan) {
	t.Helper()
	journals, err := Resolve(args)
	if err != nil {
		t.Fatal(err)
	}
	defer journals.Close()
	s = &Scan{Journals: journals, Query: q, Failed: func(err error) { failed = append(failed, err) }}
	err = s.Run(context.Background(), func(f *Found) error {
		if f.Event != nil {
			lines = append(lines, fmt.Sprintf("%s:%d: %s", filepath.Base(f.File.Path), f.Number, f.Event.Text))
		} else {
			lines = append(lines, fmt.Sprintf("%s:%d: %v", filepath.Base(f.File.Path), f.Number, f.Problem))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return lines, failed, s
}

// forwards is the same, line by line.
func forwards(t testing.TB, q Query, paths ...string) (lines []string) {
	t.Helper()
	for _, path := range paths {
		l, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		_ = l.Each(func(line Line) error {
			kind, e, err := Parse(line)
			switch {
			case e != nil && q.Wants(e):
				lines = append(lines, fmt.Sprintf("%s:%d: %s", filepath.Base(path), line.Number, e.Text))
			case kind == Torn || kind == Invalid:
				lines = append(lines, fmt.Sprintf("%s:%d: %v", filepath.Base(path), line.Number, err))
			}
			return nil
		})
		l.Close()
	}
	return lines
}

// mixed is lines of all kinds, some longer than a frame.
func mixed(random *rand.Rand, from, to int) string {
	var b strings.Builder
	for n := from; n < to; n++ {
		switch random.Intn(200) {
		case 0:
			b.WriteString("\n")
		case 1:
			b.WriteString(eventLine(n)[:random.Intn(100)] + "\n")
		case 2:
			b.WriteString(`{"EventType":"bare"}` + "\n")
		case 3:
			b.WriteString("no JSON\n")
		case 4:
			if random.Intn(20) == 0 {
				b.WriteString(strings.Replace(eventLine(n), "[1,2]", `"`+strings.Repeat("long ", random.Intn(500_000))+`"`, 1))
			}
		}
		b.WriteString(eventLine(n))
	}
	return b.String()
}

// TestScanIsWhatIsThere compares scans of files of all kinds with reading them line
// by line.
func TestScanIsWhatIsThere(t *testing.T) {
	random := rand.New(rand.NewSource(1))
	for round := range 4 {
		dir := t.TempDir()
		var paths []string
		n := 0
		for range 1 + random.Intn(4) {
			to := n + random.Intn(8_000)
			content := mixed(random, n, to)
			n = to
			name := rotatedAt(dir, n)
			switch random.Intn(5) {
			case 0:
				write(t, name, content)
			case 1:
				name += ".zst"
				write(t, name, framed(t, ".zst", content))
			case 2:
				name += ".gz"
				write(t, name, framed(t, ".gz", content))
			case 3:
				name += ".zst"
				write(t, name, compressed(t, name, content))
			case 4:
				name += ".gz"
				write(t, name, compressed(t, name, content))
			}
			paths = append(paths, name)
			n++
		}
		live := write(t, filepath.Join(dir, "events.jsonl"), mixed(random, n, n+3000)+eventLine(n)[:random.Intn(150)])
		paths = append(paths, live)
		for _, q := range []Query{
			{},
			{Types: []string{"kind1"}},
			{IDs: []string{"id-7", "id-2000", fmt.Sprint("id-", n+1)}},
			{Where: []Field{{"n", fmt.Sprint(n + 2)}}},
			{Texts: []string{"long"}},
		} {
			got, failed, s := scanned(t, q, live)
			want := forwards(t, q, paths...)
			if q.Types != nil || q.IDs != nil || q.Where != nil || q.Texts != nil { // what is not looked at is not told of
				isProblem := func(line string) bool { return !strings.HasSuffix(line, "}") }
				want, got = slices.DeleteFunc(want, isProblem), slices.DeleteFunc(got, isProblem)
			}
			if len(failed) > 0 || !slices.Equal(got, want) {
				for i := range min(len(got), len(want)) {
					if got[i] != want[i] {
						t.Errorf("found %.200q, want %.200q", got[i], want[i])
						break
					}
				}
				t.Fatalf("round %d, %+v: %d lines, want %d; %v\n%v", round, q, len(got), len(want), failed, paths)
			}
			if s.Files != len(paths) || s.Total-s.Read > int64(100*len(paths)) { // the tables
				t.Errorf("%d files of %d, %d bytes of %d", s.Files, len(paths), s.Read, s.Total)
			}
		}
	}
}

// TestScanOfDamagedFiles: whatever happened to a file, what is found was in it, in
// its order; and nothing is missing without an error.
func TestScanOfDamagedFiles(t *testing.T) {
	content := eventLines(0, 6_000)
	known := linesOf(content)
	random := rand.New(rand.NewSource(1))
	for _, ending := range []string{".zst", ".gz"} {
		whole := framed(t, ending, content)
		path := rotatedAt(t.TempDir(), 0) + ending
		for round := range 24 {
			damaged := []byte(whole)
			at := random.Intn(len(damaged))
			if round%3 == 0 {
				at = len(damaged) - 1 - random.Intn(40)
			}
			if round%4 == 0 {
				damaged = damaged[:at]
			} else {
				damaged[at] ^= 1 << random.Intn(8)
			}
			write(t, path, string(damaged))
			var failed []error
			f := &File{Path: path}
			s := Scan{Journals: Journals{{Files: []*File{f}}}, Failed: func(err error) { failed = append(failed, err) }}
			n := 0
			err := s.Run(context.Background(), func(found *Found) error {
				if found.Event == nil { // of what is cut
					return nil
				}
				n++
				if text := string(found.Event.Text) + "\n"; !known[text] || len(failed) == 0 && found.Number != n {
					return fmt.Errorf("line %d is %s", found.Number, text)
				}
				return nil
			})
			if err != nil {
				t.Errorf("%s, byte %d: %v", ending, at, err)
			}
			if n < 6_000 && len(failed) == 0 {
				t.Errorf("%s, byte %d of %d: %d lines, and no error", ending, at, len(whole), n)
			}
			for _, err := range failed {
				if !strings.Contains(err.Error(), path) {
					t.Errorf("%v", err)
				}
			}
		}
	}
}

// TestScanWithAWrongTable: the frames are all right, what is said about them isn't.
func TestScanWithAWrongTable(t *testing.T) {
	content := eventLines(0, 13_000)
	known := linesOf(content)
	whole := []byte(framed(t, ".zst", content))
	path := rotatedAt(t.TempDir(), 0) + ".zst"
	index := frames.Index(bytes.NewReader(whole), int64(len(whole)))
	if len(index) < 3 {
		t.Fatalf("%d frames", len(index))
	}
	table := len(whole) - 9 - 8*len(index)
	for entry := range index {
		for _, change := range []int{-1, 1000} {
			for _, field := range []int{0, 4} {
				wrong := bytes.Clone(whole)
				add := func(at, n int) {
					binary.LittleEndian.PutUint32(wrong[at:], uint32(int(binary.LittleEndian.Uint32(wrong[at:]))+n))
				}
				add(table+8*entry+field, change)
				if field == 0 && entry+1 < len(index) { // so that the sum holds
					add(table+8*entry+8, -change)
				}
				write(t, path, string(wrong))
				got, failed, _ := scanned(t, Query{}, path)
				if want := forwards(t, Query{}, path); len(failed) == 0 && !slices.Equal(got, want) {
					t.Errorf("entry %d, field %d, %+d: %d lines of %d, %v", entry, field, change, len(got), len(want), failed)
				}
				for _, line := range got {
					if _, text, _ := strings.Cut(line, ": "); !known[text+"\n"] {
						t.Errorf("entry %d, field %d, %+d: found %s", entry, field, change, text)
					}
				}
			}
		}
	}
}

func TestSeveralJournalsAreMerged(t *testing.T) {
	dir := t.TempDir()
	var want []string
	contents := make([]strings.Builder, 3)
	for n := range 18_000 {
		j := n * n % 7 % 3
		contents[j].WriteString(eventLine(n))
		want = append(want, strings.TrimSpace(eventLine(n)))
		if n%1000 == 0 {
			bare := fmt.Sprintf(`{"n":%d}`, n)
			contents[j].WriteString(bare + "\n")
			want = append(want, bare)
		}
	}
	write(t, filepath.Join(dir, "a.jsonl"), contents[0].String())
	write(t, filepath.Join(dir, "b.jsonl.zst"), framed(t, ".zst", contents[1].String()))
	write(t, filepath.Join(dir, "c.jsonl.gz"), compressed(t, "c.gz", contents[2].String()))
	lines, _, _ := scanned(t, Query{}, dir)
	for i, line := range lines {
		if _, text, _ := strings.Cut(line, ": "); text != want[i] {
			t.Fatalf("line %d is %s, want %s", i, text, want[i])
		}
	}
	if len(lines) != len(want) {
		t.Errorf("%d lines, want %d", len(lines), len(want))
	}
}

// TestScanShowsWhatItHasFound: what is found in one journal does not wait for what may
// be found in another, once that has been searched up to then.
func TestScanShowsWhatItHasFound(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a.jsonl"), eventLine(1))
	write(t, filepath.Join(dir, "b.jsonl"), eventLines(2, 60_000))
	journals, err := Resolve([]string{dir})
	if err != nil {
		t.Fatal(err)
	}
	defer journals.Close()
	s := Scan{Journals: journals, Query: Query{IDs: []string{"id-1"}}}
	if err := s.Run(context.Background(), func(f *Found) error {
		if s.Read > s.Total/2 {
			return fmt.Errorf("found after %d of %d bytes", s.Read, s.Total)
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
}

// TestFileThatIsGone: one that was asked for is an error, one that belongs to it is not.
func TestFileThatIsGone(t *testing.T) {
	dir := t.TempDir()
	rotated := write(t, rotatedAt(dir, 1), eventLine(1))
	live := write(t, filepath.Join(dir, "events.jsonl"), eventLine(2))
	for _, named := range []bool{false, true} {
		args := []string{live}
		if named {
			args = append(args, write(t, rotated, eventLine(1)))
		}
		journals, err := Resolve(args)
		if err != nil {
			t.Fatal(err)
		}
		defer journals.Close()
		if err := os.Remove(rotated); err != nil {
			t.Fatal(err)
		}
		failed, n := 0, 0
		s := Scan{Journals: journals, Failed: func(error) { failed++ }}
		err = s.Run(context.Background(), func(*Found) error { n++; return nil })
		if err != nil || n != 1 || (failed == 1) != named {
			t.Errorf("named %v: %v, %d events, %d files failed", named, err, n, failed)
		}
		write(t, rotated, eventLine(1))
	}
}

func TestWhatIsNotReadIsTold(t *testing.T) {
	dir := t.TempDir()
	for n := range 10 {
		write(t, rotatedAt(dir, n*3600+3599), eventLine(n*3600))
	}
	future := filepath.Join(dir, time.Now().Add(48*time.Hour).UTC().Format("events-2006-01-02T15-04-05.000.jsonl"))
	write(t, future, eventLine(1))
	live := write(t, filepath.Join(dir, "events.jsonl"), eventLine(2))
	day := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	if day.Add(12 * time.Hour).After(time.Now()) {
		t.Fatal("these files would be in the future")
	}
	for _, c := range []struct {
		since, until time.Time
		passed       int
	}{
		{},
		{passed: 5, since: day.Add(6 * time.Hour)}, // rotated before 5
		{passed: 4, until: day.Add(4 * time.Hour)}, // after one that was rotated after 5
	} {
		_, _, s := scanned(t, Query{Since: c.since, Until: c.until}, live)
		if s.Passed != c.passed || s.Files != 12-c.passed {
			t.Errorf("since %v until %v: %d files passed over, %d read", c.since, c.until, s.Passed, s.Files)
		}
	}
}

func TestScanStops(t *testing.T) {
	path := write(t, rotatedAt(t.TempDir(), 0), eventLines(0, 50_000))
	journals, err := Resolve([]string{path})
	if err != nil {
		t.Fatal(err)
	}
	enough := errors.New("enough")
	s := Scan{Journals: journals}
	if err := s.Run(context.Background(), func(*Found) error { return enough }); !errors.Is(err, enough) {
		t.Errorf("%v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	n := 0
	s = Scan{Journals: journals}
	if err := s.Run(ctx, func(*Found) error { n++; cancel(); return nil }); !errors.Is(err, context.Canceled) || n > 1 {
		t.Errorf("%v after %d", err, n)
	}
}

func TestQuery(t *testing.T) {
	event := func(members string) string {
		return `{"specversion":"1.0","id":"\u0061b","source":"x","type":"t","subject":"Stra\u00DFe","time":"2026-11-23T12:00:00Z","receiver":"shop",` + members + "}"
	}
	const data = `"data":{"name":"Gr\u00fc\u00DFe a\/b \ud83d\ude00 \"q\"","raw":"Grüße","n":1.50,"ok":true,"deep":{"list":[1,{"x":"y"}]},"empty":""}`
	binary := event(`"data_base64":"` + base64.StdEncoding.EncodeToString([]byte("ab\xffM\u00fcller\x00")) + `"`)
	at := func(s string) time.Time { t, _ := time.Parse(time.RFC3339, s); return t }
	for i, c := range []struct {
		line  string
		query Query
		want  bool
	}{
		{event(data), Query{}, true},
		{event(data), Query{IDs: []string{"x", "ab"}}, true},
		{event(data), Query{IDs: []string{"a"}}, false},
		{event(data), Query{Types: []string{"t"}, Subjects: []string{"Straße"}}, true},
		{event(data), Query{Types: []string{"u"}, Subjects: []string{"Straße"}}, false},
		{event(data), Query{Receivers: []string{"shop"}}, true},
		{event(data), Query{Receivers: []string{"sho"}}, false},
		{event(data), Query{Texts: []string{"Grüße a/b 😀 \"q\""}}, true},
		{event(data), Query{Texts: []string{`Gr\u00fc\u00DFe`, `"raw":"Grüße"`}}, true},
		{event(data), Query{Texts: []string{"😀", "ü"}}, true},
		{event(data), Query{Texts: []string{"😀", "nowhere"}}, false},
		{event(data), Query{Texts: []string{"shop"}}, false}, // not in the body
		{event(data), Query{Texts: []string{""}}, true},
		{event(data), Query{Where: []Field{{"name", `Grüße a/b 😀 "q"`}, {"n", "1.50"}, {"ok", "true"}}}, true},
		{event(data), Query{Where: []Field{{"n", "1.5"}}}, false},
		{event(data), Query{Where: []Field{{"deep.list.1.x", "y"}}}, true},
		{event(data), Query{Where: []Field{{"deep.list.2.x", "y"}}}, false},
		{event(data), Query{Where: []Field{{"empty", ""}}}, true},
		{event(data), Query{Where: []Field{{"missing", ""}}}, false},
		{binary, Query{Texts: []string{"Müller"}}, true},
		{binary, Query{Texts: []string{"Muller"}}, false},
		{binary, Query{Texts: []string{"ab\xff"}}, true},
		{event(`"datacontenttype":"text/plain","data":"line\none"`), Query{Texts: []string{"line\none"}}, true},
		{event(`"data_\u0062ase64":"TcO8"`), Query{Texts: []string{"Mü"}}, true},
		{event(data), Query{Since: at("2026-11-23T12:00:00Z"), Until: at("2026-11-23T12:00:01Z")}, true},
		{event(data), Query{Until: at("2026-11-23T12:00:00Z")}, false},
		{event(data), Query{Since: at("2026-11-23T12:00:01Z")}, false},
		{`{"EventType":"b\u0061re"}`, Query{Texts: []string{"bare"}}, true},
		{`{"EventType":"bare"}`, Query{Types: []string{"bare"}}, false},
	} {
		_, e, err := Parse(Line{Text: []byte(c.line)})
		if err != nil {
			t.Fatal(err)
		}
		if got := c.query.Wants(e); got != c.want {
			t.Errorf("%d: %+v of %s: %v", i, c.query, c.line, got)
		}
		path := write(t, filepath.Join(t.TempDir(), "x.jsonl"), c.line+"\n"+c.line+"\n"+c.line)
		if lines, _, _ := scanned(t, c.query, path); (len(lines) == 3) != c.want || !c.want && len(lines) > 0 {
			t.Errorf("%d: %+v of %s: %q", i, c.query, c.line, lines)
		}
		_ = os.Remove(path)
	}
}

// FuzzSieve: no line that is wanted is held back.
func FuzzSieve(f *testing.F) {
	f.Add(eventLine(1), "id-1", "kind1", "s1", "1,2", "n", "1")
	f.Add(`{"specversion":"1.0","id":"\u0061","source":"x","type":"\ud83d\ude00","data":"\/\\u00e9"}`, "a", "😀", "", "/", "", "")
	f.Add(`{"specversion":"1.0","id":"a","source":"x","type":"t","data_base64":"w6k="}`, "", "", "", "é", "", "")
	f.Fuzz(func(t *testing.T, text, id, typ, subject, word, path, value string) {
		if strings.Contains(text, "\n") {
			return
		}
		q := Query{Texts: []string{word}}
		for list, value := range map[*[]string]string{&q.IDs: id, &q.Types: typ, &q.Subjects: subject} {
			if value != "" {
				*list = []string{value}
			}
		}
		if path != "" {
			q.Where = []Field{{path, value}}
		}
		_, e, err := Parse(Line{Text: []byte(text)})
		if err != nil || e == nil || !q.Wants(e) {
			return
		}
		found := 0
		newSieve(&q).each([]byte("x\n"+text+"\n"+text+"\n\n"), func(line []byte, before int) {
			if string(line) == text && before == 1+found {
				found++
			}
		})
		if found != 2 {
			t.Errorf("%+v is not found in %s", q, text)
		}
	})
}
