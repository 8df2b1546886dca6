package cli

import (
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestCheck(t *testing.T) {
	dir := t.TempDir()
	plain := write(t, filepath.Join(dir, "events.jsonl"), eventLines(1000, 2000)+"\n\n"+eventLine(7))
	for _, suffix := range []string{".gz", ".zst"} {
		name := filepath.Join(dir, "events-1.jsonl"+suffix)
		out, notes, err := webhook("check", write(t, name, compressed(t, name, eventLines(0, 1000))), plain)
		if err != nil || notes != "" {
			t.Errorf("%v %s", err, notes)
		}
		rows := strings.Split(out, "\n")
		for i, want := range []string{
			"events raw torn invalid first last file",
			"1,000 0 0 0 2026-11-23T12:00:00Z 2026-11-23T12:16:39Z " + name,
			"1,001 0 0 0 2026-11-23T12:00:07Z 2026-11-23T12:33:19Z " + plain,
			"2,001 0 0 0 2026-11-23T12:00:00Z 2026-11-23T12:33:19Z total",
			"repeated ids: 1",
			"",
		} {
			if got := strings.Join(strings.Fields(rows[i]), " "); got != want {
				t.Errorf("row %d is %q, want %q", i, got, want)
			}
		}
	}
}

func TestCheckFindsWhatIsWrong(t *testing.T) {
	torn := strings.TrimSpace(eventLine(3))[:80]
	for name, test := range map[string]struct{ content, row, problem string }{
		"torn in the middle":    {eventLine(1) + torn + "\n" + eventLine(2), "2 0 1 0", "line 2: cut off"},
		"torn at the end":       {eventLine(1) + torn, "1 0 1 0", "line 2: cut off"},
		"invalid":               {"x\n" + eventLine(1), "1 0 0 1", "line 1: not valid JSON"},
		"invalid at the end":    {eventLine(1) + "x", "1 0 0 1", "line 2: not valid JSON"},
		"bare":                  {"{}\n1\n\"x\"\n", "0 3 0 0", ""},
		"whole without an end":  {strings.TrimSpace(eventLine(1)), "1 0 0 0", ""},
		"both formats":          {"{}\n" + eventLine(1), "1 1 0 0", ""},
		"empty":                 {"", "0 0 0 0", ""},
		"nothing but line ends": {"\n\n\n", "0 0 0 0", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, suffix := range []string{"", ".gz"} {
				path := file(t, "events.jsonl"+suffix, test.content)
				out, notes, err := webhook("check", path)
				if (err != nil) != (test.problem != "") || !strings.Contains(notes, test.problem) {
					t.Errorf("%v %s", err, notes)
				}
				if row := strings.Join(strings.Fields(strings.Split(out, "\n")[1]), " "); !strings.HasPrefix(row, test.row+" ") {
					t.Errorf("counted %q, want %q", row, test.row)
				}
			}
		})
	}
	// All are counted, not all are told of; other files are counted all the same.
	bad := file(t, "a", strings.Repeat("x\n", 100))
	out, notes, err := webhook("check", filepath.Join(t.TempDir(), "none"), bad)
	if err == nil || !strings.Contains(err.Error(), "0 torn and 100 invalid lines, 1 file that cannot be read") {
		t.Errorf("%v", err)
	}
	if strings.Count(notes, bad) != maxProblems || !strings.Contains(out, "100") {
		t.Errorf("%s%s", notes, out)
	}
}

// TestCheckWaitsForALineThatIsBeingWritten has the rest of a line come late.
func TestCheckWaitsForALineThatIsBeingWritten(t *testing.T) {
	path := file(t, "events.jsonl", eventLine(1)+eventLine(2)[:50])
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	time.AfterFunc(tailPatience/10, func() { _, _ = f.WriteString(eventLine(2)[50:]) })
	if out, notes, err := webhook("check", path); err != nil {
		t.Errorf("%v %s%s", err, notes, out)
	}
}

func TestRepeatedIDs(t *testing.T) {
	for _, several := range []int{0, 1, 7, 500, 10_000} {
		ids := newIDSet()
		seen := map[string]bool{}
		want := int64(0)
		random := rand.New(rand.NewSource(1))
		for range several {
			id := fmt.Sprint(random.Intn(several*3/5 + 1))
			if seen[id] {
				want++
			}
			seen[id] = true
			ids.add(id)
		}
		if got := ids.repeated(); got != want {
			t.Errorf("of %d ids %d are repeated, want %d", several, got, want)
		}
	}
}

func TestDamagedFiles(t *testing.T) {
	for _, name := range []string{"a.gz", "a.zst"} {
		content := compressed(t, name, eventLines(0, 100))
		path := file(t, "cut", content[:len(content)/2])
		for _, command := range [][]string{{"tail"}, {"check"}, {"replay", "--dry-run", "--to", "http://127.0.0.1:1"}} {
			if _, notes, err := webhook(append(command, path)...); err == nil {
				t.Errorf("%s of a cut %s: no error", command, name)
			} else if text := err.Error() + notes; !strings.Contains(text, "EOF") || !strings.Contains(text, path) {
				t.Errorf("%s of a cut %s: %s", command, name, text)
			}
		}
	}
}
