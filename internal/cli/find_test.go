package cli

import (
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/reader"
)

// journal is a directory with events of one journal: 0 to 9 in a compressed file, 10 to
// 19 in another, 20 to 29 in the live one; and what else may be in a directory.
func journal(t *testing.T) (dir, live string) {
	t.Helper()
	dir = t.TempDir()
	for n, suffix := range []string{".zst", ".gz"} {
		name := filepath.Join(dir, fmt.Sprintf("events-2026-11-23T12-00-%d9.500.jsonl%s", n, suffix))
		write(t, name, compressed(t, name, eventLines(10*n, 10*n+10)))
	}
	write(t, filepath.Join(dir, "events.app.dead.jsonl"), eventLine(5))
	write(t, filepath.Join(dir, "replay.state"), "{\n}\n")
	return dir, write(t, filepath.Join(dir, "events.jsonl"), eventLines(20, 30))
}

func TestFind(t *testing.T) {
	dir, live := journal(t)
	for _, c := range []struct {
		args string
		want string
	}{
		{"--json", eventLines(0, 30)},
		{"--json --id id-3 --id id-12 --id none", eventLine(3) + eventLine(12)},
		{"--json --subject s3 --type kind1", eventLine(3)},
		{"--json --subject s3 --type kind0", ""},
		{"--json --since 2026-11-23T12:00:18.5Z --until 2026-11-23T12:00:21Z", eventLines(19, 21)},
		{"--json --where n=7 --where x.1=2", eventLine(7)},
		{"--json --where n=7 --where x.1=3", ""},
		{"--json --text \"n\":17 --text [1,2]", eventLine(17)},
		{"--count --type kind0", "15\n"},
		{"--count --type none", "0\n"},
		{"--id id-3", "2026-11-23T12:00:03Z  kind1  s3  n=3 x=[2]\n"},
	} {
		for _, what := range []string{dir, live} {
			out, notes, err := webhook(append([]string{"find", what}, strings.Fields(c.args)...)...)
			if err != nil || out != c.want {
				t.Errorf("%s: %v %s\n%s\nwant\n%s", c.args, err, notes, out, c.want)
			}
			nothing := c.want == "" || c.want == "0\n"
			if nothing != strings.Contains(notes, "nothing found in ") || nothing && !strings.Contains(notes, "of 3 files") {
				t.Errorf("%s: %s", c.args, notes)
			}
		}
	}
	if _, _, err := webhook("find", live, "--json", "--csv"); err == nil {
		t.Error("two ways to show events are no error")
	}
	for _, args := range [][]string{{"--where", "n"}, {"--where", "=1"}, {"--since", "soon"}, {"--since", "1h", "--until", "2h"}} {
		if _, _, err := webhook(append([]string{"find", live}, args...)...); err == nil || !strings.Contains(err.Error(), args[0]) && !strings.Contains(err.Error(), "--until") {
			t.Errorf("%v: %v", args, err)
		}
	}
	if _, _, err := webhook("find", filepath.Join(dir, "none")); err == nil || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("a missing file: %v", err)
	}
	out, notes, _ := webhook("find", live, "--count", "--since", "2026-11-24")
	if out != "0\n" || !strings.Contains(notes, "of 1 file; 2 were passed over") {
		t.Errorf("%s %s", out, notes)
	}
}

func TestFindByReceiver(t *testing.T) {
	with := strings.Replace(eventLine(1), `"data"`, `"receiver":"shop","data"`, 1)
	path := file(t, "a.jsonl", eventLine(0)+with+strings.Replace(with, "shop", "other", 1))
	if out, _, err := webhook("find", path, "--json", "--receiver", "shop"); err != nil || out != with {
		t.Errorf("%v %s", err, out)
	}
}

// damagedJournal returns a journal of which one file is cut off.
func damagedJournal(t *testing.T) (dir, live, damaged string) {
	t.Helper()
	dir, live = journal(t)
	damaged = filepath.Join(dir, "events-2026-11-23T12-00-09.500.jsonl.zst")
	content, err := os.ReadFile(damaged)
	if err != nil {
		t.Fatal(err)
	}
	write(t, damaged, string(content[:len(content)/2]))
	return dir, live, damaged
}

func TestFindGoesOnAfterADamagedFile(t *testing.T) {
	_, live, damaged := damagedJournal(t)
	for _, command := range []string{"find", "tail"} {
		out, notes, err := webhook(command, live, "--json")
		if err == nil || !strings.Contains(err.Error(), damaged) || !strings.HasSuffix(out, eventLines(10, 30)) {
			t.Errorf("%s: %v %s%s", command, err, notes, out)
		}
	}
	torn := strings.Repeat(eventLine(1)[:60]+"\n", 50)
	out, notes, err := webhook("find", file(t, "a.jsonl", torn+eventLine(2)), "--json")
	if err != nil || out != eventLine(2) || strings.Count(notes, "passed over") != maxProblems || !strings.Contains(notes, "40 more lines") {
		t.Errorf("%v %s%s", err, notes, out)
	}
	if _, notes, _ := webhook("find", file(t, "a.jsonl", torn+eventLine(2)), "--id", "id-2"); notes != "" {
		t.Errorf("lines that can't be meant: %s", notes)
	}
}

func TestFindCSV(t *testing.T) {
	event := func(subject, data string) string {
		return `{"specversion":"1.0","id":"a","source":"https://a/b","type":"t","subject":"` + subject + `","time":"2026-11-23T12:00:00.5Z","receiver":"shop",` + data + "}\n"
	}
	path := file(t, "a.jsonl", event("=1+1", `"data":{"a":"x,\"y\""}`)+
		event(`\t@x`, `"datacontenttype":"text/plain","data":"-1\n2"`)+event("ok=1", `"data_base64":"AAH/"`)+`[1,"=2"]`+"\n")
	out, notes, err := webhook("find", path, "--csv")
	if err != nil || notes != "" {
		t.Fatalf("%v %s", err, notes)
	}
	records, err := csv.NewReader(strings.NewReader(out)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	want := [][]string{
		{"time", "type", "subject", "id", "receiver", "source", "data"},
		{"2026-11-23T12:00:00.5Z", "t", "'=1+1", "a", "shop", "https://a/b", `{"a":"x,\"y\""}`},
		{"2026-11-23T12:00:00.5Z", "t", "'\t@x", "a", "shop", "https://a/b", "'-1\n2"},
		{"2026-11-23T12:00:00.5Z", "t", "ok=1", "a", "shop", "https://a/b", "AAH/"},
		{"", "", "", "", "", "", `[1,"=2"]`},
	}
	if fmt.Sprintf("%q", records) != fmt.Sprintf("%q", want) {
		t.Errorf("%q\nwant\n%q", records, want)
	}
	terminal := finder{rows: rows{console: &console{outIsTerminal: true}}}
	if got := terminal.cells(&reader.Event{Subject: "\x1b]0;x\x07"}); got[2] != `\u001b]0;x\u0007` {
		t.Errorf("on a terminal: %q", got)
	}
	for cell, want := range map[string]string{
		"": "", "a": "a", "=": "'=", "+1": "'+1", "-": "'-", "@": "'@", "\t=1": "'\t=1", "\r=1": "'\r=1", "\n=1": "'\n=1", " =1": "' =1",
		"\ta": "'\ta", "＝1": "'＝1", "a=1": "a=1", "'=": "'=", "1-2": "1-2",
	} {
		if got := harmlessCell(cell); got != want {
			t.Errorf("%q becomes %q, want %q", cell, got, want)
		}
	}
}

func TestLocalTime(t *testing.T) {
	was := time.Local
	time.Local = time.FixedZone("here", 3600)
	defer func() { time.Local = was }()
	_, live := journal(t)
	out, _, err := webhook("find", live, "--local", "--since", "2026-11-23 13:00:28", "--until", "2026-11-23 13:00:29")
	if want := "2026-11-23T13:00:28+01:00  kind0  s28  n=28 x=[2]\n"; err != nil || out != want {
		t.Errorf("%v %q, want %q", err, out, want)
	}
	if out, _, err := webhook("find", live, "--since", "2026-11-23 12:00:29"); err != nil || !strings.HasPrefix(out, "2026-11-23T12:00:29Z") {
		t.Errorf("%v %q", err, out)
	}
	if out, _, err := webhook("find", live, "--csv", "--local", "--id", "id-3"); err != nil || !strings.Contains(out, "2026-11-23T13:00:03.123456+01:00,kind1") {
		t.Errorf("%v %q", err, out)
	}
	if out, _, err := webhook("replay", live, "--local", "--dry-run", "--to", "http://a", "--since", "2026-11-23 13:00:28"); err != nil || !strings.Contains(out, "2026-11-23T13:00:28+01:00") || strings.Contains(out, "13:00:27") {
		t.Errorf("replayed: %s (%v)", out, err)
	}
	if out, _, err := webhook("check", live, "--local"); err != nil || !strings.Contains(out, "2026-11-23T13:00:29+01:00") {
		t.Errorf("%v %q", err, out)
	}
	for text, want := range map[string]string{
		"2026-11-23":           "2026-11-22T23:00:00Z",
		"2026-11-23T17:04":     "2026-11-23T16:04:00Z",
		"2026-11-23 17:04":     "2026-11-23T16:04:00Z",
		"2026-11-23 17:04:58":  "2026-11-23T16:04:58Z",
		"2026-11-23T17:04:58Z": "2026-11-23T17:04:58Z",
		"90m":                  "2026-11-29T22:30:00Z",
		"3d":                   "2026-11-27T00:00:00Z",
	} {
		if got, err := parseTime(text, time.Date(2026, 11, 30, 0, 0, 0, 0, time.UTC), time.Local); err != nil || got.UTC().Format(time.RFC3339) != want {
			t.Errorf("%s is %v, want %s; %v", text, got, want, err)
		}
	}
}

func TestTailOfJournals(t *testing.T) {
	dir, live := journal(t)
	for _, c := range []struct {
		args string
		want string
	}{
		{"", eventLines(0, 30)},
		{"-n 3", eventLines(27, 30)},
		{"-n 15", eventLines(15, 30)},
		{"-n 29", eventLines(1, 30)},
		{"-n 99", eventLines(0, 30)},
		{"-n 2 --type kind1 --until 2026-11-23T12:00:25Z", eventLine(21) + eventLine(23)},
		{"--id id-7", eventLine(7)},
	} {
		for _, what := range []string{dir, live} {
			out, notes, err := webhook(append([]string{"tail", "--json", what}, strings.Fields(c.args)...)...)
			if err != nil || notes != "" || out != c.want {
				t.Errorf("%s: %v %s\n%s\nwant\n%s", c.args, err, notes, out, c.want)
			}
		}
	}
	// The last ones of several are those of the latest times.
	other := write(t, filepath.Join(dir, "other.jsonl"), eventLine(27)+eventLine(31))
	if out, _, err := webhook("tail", "--json", "-n", "4", live, other); err != nil || out != eventLine(27)+eventLines(28, 30)+eventLine(31) {
		t.Errorf("%v %s", err, out)
	}
}

// TestTailReadsNoMoreThanItNeeds: the last ones are in the newest file, and so it
// does not matter what is in the others.
func TestTailReadsNoMoreThanItNeeds(t *testing.T) {
	dir, live := journal(t)
	write(t, filepath.Join(dir, "events-2026-11-23T12-00-09.500.jsonl.zst"), "damaged\n")
	if out, notes, err := webhook("tail", "--json", "-n", "20", live); err != nil || notes != "" || out != eventLines(10, 30) {
		t.Errorf("%v %s%s", err, notes, out)
	}
}

func TestCheckAllowsTornLines(t *testing.T) {
	torn := strings.TrimSpace(eventLine(3))[:80]
	path := file(t, "events.jsonl", eventLine(1)+torn+"\n"+eventLine(2)+torn)
	if _, _, err := webhook("check", path); err == nil {
		t.Error("torn lines are no failure")
	}
	out, notes, err := webhook("check", "--allow-torn", path)
	if err != nil || !strings.Contains(notes, "line 2: cut off") || !strings.HasPrefix(strings.Join(strings.Fields(strings.Split(out, "\n")[1]), " "), "2 0 2 0 ") {
		t.Errorf("%v %s%s", err, notes, out)
	}
	if _, _, err := webhook("check", "--allow-torn", file(t, "events.jsonl", torn+"\nx\n")); err == nil || !strings.Contains(err.Error(), "1 torn and 1 invalid") {
		t.Errorf("an invalid line: %v", err)
	}
}

func TestCheckOfADirectory(t *testing.T) {
	dir, _ := journal(t)
	out, notes, err := webhook("check", dir)
	if err != nil || notes != "" || strings.Count(out, "\n") != 6 || !strings.Contains(out, "repeated ids: 0") || strings.Contains(out, "dead") {
		t.Errorf("%v %s%s", err, notes, out)
	}
}

// TestFollowADirectory follows every journal, also one that is new.
func TestFollowADirectory(t *testing.T) {
	f := &following{dir: t.TempDir()}
	f.path = filepath.Join(f.dir, "events.jsonl")
	f.append(t, eventLine(0)+eventLine(2))
	f.rotate(t, 2, ".zst") // is from before
	f.append(t, eventLine(3)+eventLine(5))
	other := &following{dir: f.dir, path: filepath.Join(f.dir, "other.jsonl")}
	other.append(t, eventLine(4)+eventLine(6))
	f.start(t, f.dir)
	want := eventLines(3, 7)
	f.wait(t, want)
	other.append(t, eventLine(7))
	want += eventLine(7)
	f.wait(t, want)
	f.append(t, eventLine(8))
	f.rotate(t, 8, ".gz")
	f.append(t, eventLine(9))
	want += eventLines(8, 10)
	f.wait(t, want)
	third := &following{dir: f.dir, path: filepath.Join(f.dir, "third.jsonl")}
	third.append(t, eventLine(10))
	want += eventLine(10)
	f.wait(t, want)
	if notes := f.notes.String(); notes != "" {
		t.Errorf("notes: %s", notes)
	}
}

// TestShowBesideADamagedFile: what can be found is shown, and what could not be read
// is told of.
func TestShowBesideADamagedFile(t *testing.T) {
	dir, live, damaged := damagedJournal(t)
	out, _, err := webhook("show", "id-25", live, "--as", "body")
	if out != `{"n":25,"x":[1,2]}` || err == nil || !strings.Contains(err.Error(), damaged) {
		t.Errorf("%q %v", out, err)
	}
	if out, _, err := webhook("show", "none", live); out != "" || err == nil || !strings.Contains(err.Error(), damaged) {
		t.Errorf("%q %v", out, err)
	}
	write(t, damaged, compressed(t, damaged, eventLine(25)+eventLine(24)))
	out, notes, err := webhook("show", "id-25", dir, "--as", "body")
	if out != `{"n":25,"x":[1,2]}` || err != nil || !strings.Contains(notes, "2 events have this id") {
		t.Errorf("%q %s %v", out, notes, err)
	}
}
