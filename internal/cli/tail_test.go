package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/play"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/reader"
)

func TestTail(t *testing.T) {
	torn := eventLine(7)[:50]
	content := eventLine(1) + "\n" + torn + "\n" + "not JSON\n" + eventLine(2) + `{"EventType":"bare","n":[]}` + "\n" + torn
	for _, name := range []string{"a.jsonl", "a.gz", "a.zst"} {
		path := file(t, name, content)
		out, notes, err := webhook("tail", path)
		if err != nil {
			t.Fatal(err)
		}
		want := "2026-11-23T12:00:01Z  kind1  s1  n=1 x=[2]\n" +
			"2026-11-23T12:00:02Z  kind0  s2  n=2 x=[2]\n" +
			"EventType=bare n=[0]\n"
		if out != want {
			t.Errorf("%s shows\n%s\nwant\n%s", name, out, want)
		}
		mustContain(t, notes, "line 3 is passed over: cut off", "line 4 is passed over", "line 7 is passed over")

		out, _, err = webhook("tail", path, "--json", "--type", "kind0", "--type", "kind1")
		if want := eventLine(1) + eventLine(2); err != nil || out != want {
			t.Errorf("%s as JSON: %v\n%s\nwant\n%s", name, err, out, want)
		}
		if out, _, _ := webhook("tail", path, "-n", "1", "--type", "kind1"); out != "2026-11-23T12:00:01Z  kind1  s1  n=1 x=[2]\n" {
			t.Errorf("the last one: %s", out)
		}
	}
	// The last line needs no line feed if it is whole.
	if out, notes, err := webhook("tail", file(t, "a.jsonl", strings.TrimSpace(eventLine(1)))); err != nil || notes != "" || !strings.Contains(out, "kind1") {
		t.Errorf("%q %q %v", out, notes, err)
	}
	if _, _, err := webhook("tail", filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("no error for a file that is missing")
	}
}

func TestWhatSendersChooseIsHarmless(t *testing.T) {
	hostile := "\x1b]0;x\x07\u202e\u009b31m\u200d\U000e0041é日"
	quoted := strings.NewReplacer("\x1b", `\u001b`, "\x07", `\u0007`).Replace(hostile)
	content := `{"specversion":"1.0","id":"` + quoted + `","source":"b","type":"` + quoted + `","subject":"` + quoted + `","data":{"` + quoted + `":"` + quoted + `"}}` + "\n" +
		`{"a":"` + quoted + `"}` + "\n" + hostile + "\n"
	path := file(t, "a.jsonl", content)
	for _, args := range [][]string{{"tail", path}, {"find", path}, {"replay", "--dry-run", "--to", "http://a", path}, {"check", path}} {
		out, notes, err := webhook(args...)
		if strings.ContainsAny(out+notes+fmt.Sprint(err), "\x1b\x07\u202e\u009b\u200d\U000e0041") {
			t.Errorf("%v prints %q %q %v", args, out, notes, err)
		}
		if args[0] == "tail" {
			mustContain(t, out, `\u001b]0;x\u0007\u202e\u009b31m\u200d\udb40\udc41é日`)
		}
	}
	// As it is, where no terminal sees it; with the same meaning on one.
	if out, _, _ := webhook("tail", "--json", path); !strings.HasPrefix(content, out[:200]) {
		t.Errorf("--json changes what is stored: %q", out)
	}
	if got, want := sanitizeJSON("{\"a\":\t\"\u202e\U000e0041é\"}"), `{"a": "\u202e\udb40\udc41é"}`; got != want {
		t.Errorf("on a terminal %s, want %s", got, want)
	}
}

func TestWidth(t *testing.T) {
	long := strings.Replace(eventLine(1), `"n":1`, `"text":"`+strings.Repeat("日本 ", 100)+`"`, 1)
	_, e, err := reader.Parse(reader.Line{Text: []byte(strings.TrimSpace(long))})
	if err != nil {
		t.Fatal(err)
	}
	for _, width := range []int{1, 10, 30, 40, 60, 80, 120} {
		tailer := rows{console: &console{width: width}}
		text := tailer.pretty(e)
		if got := cells(text); got > width+20 || width >= 60 && (got > width || got < width-1) {
			t.Errorf("on a terminal of %d cells: %d: %s", width, got, text)
		}
	}
	for text, want := range map[string]int{"": 0, "abc": 3, "é": 1, "e\u0301": 1, "日": 2, "😀": 2} {
		if got := cells(text); got != want {
			t.Errorf("%q has %d cells, want %d", text, got, want)
		}
	}
	for text, want := range map[string]string{"abc": "abc", "abcd": "ab…", "日本": "日…", "éàü": "éàü"} {
		if got := cut(text, 3); got != want {
			t.Errorf("cut(%q, 3) = %q, want %q", text, got, want)
		}
	}
	coloured := rows{console: &console{width: 80, colours: term.EscapeCodes{Cyan: []byte("<"), Yellow: []byte("["), Reset: []byte(">")}}}
	mustContain(t, coloured.pretty(e), "<kind1>  [s1>")
}

// following is a tail that follows.
type following struct {
	path, dir  string
	out, notes buffer
	done       chan error
	cancel     func()
}

func follow(t *testing.T, content string, args ...string) *following {
	t.Helper()
	f := &following{dir: t.TempDir()}
	f.path = filepath.Join(f.dir, "events.jsonl")
	if content != "" {
		write(t, f.path, content)
	}
	f.start(t, append([]string{f.path}, args...)...)
	return f
}

func (f *following) start(t *testing.T, args ...string) {
	t.Helper()
	f.done = make(chan error, 1)
	var ctx context.Context
	ctx, f.cancel = context.WithCancel(context.Background())
	go func() {
		f.done <- runIn(ctx, &f.out, &f.notes, append([]string{"tail", "--follow", "--json"}, args...)...)
	}()
	t.Cleanup(func() {
		f.cancel()
		if err := <-f.done; err != nil {
			t.Errorf("tail ended with %v", err)
		}
	})
}

func (f *following) wait(t *testing.T, want string) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for f.out.String() != want {
		if time.Now().After(deadline) {
			t.Fatalf("shown:\n%s\nwant:\n%s\nnotes: %s", f.out.String(), want, f.notes.String())
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func (f *following) append(t *testing.T, content string) {
	t.Helper()
	file, err := os.OpenFile(f.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err == nil {
		_, err = file.WriteString(content)
	}
	if err != nil {
		t.Fatal(err)
	}
	file.Close()
}

// rotate renames the file as the receiver does, and compresses it if asked to.
func (f *following) rotate(t *testing.T, n int, suffix string) {
	t.Helper()
	name := filepath.Join(f.dir, fmt.Sprintf("events-2026-11-23T17-04-58.%03d.jsonl", n))
	if err := os.Rename(f.path, name); err != nil {
		t.Fatal(err)
	}
	if suffix != "" {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		write(t, name+suffix, compressed(t, name+suffix, string(content)))
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
	}
}

func TestFollow(t *testing.T) {
	f := follow(t, "")
	eventually(t, "a note that the file is missing", func() bool { return strings.Contains(f.notes.String(), "waiting") })
	f.append(t, eventLine(0))
	f.wait(t, eventLine(0))
	half := len(eventLine(1)) / 2
	f.append(t, eventLine(1)[:half])
	f.append(t, eventLine(1)[half:]+eventLine(2))
	f.wait(t, eventLines(0, 3))

	for i, suffix := range []string{"", ".gz", ".zst"} {
		n := 3 + 10*i
		f.append(t, eventLine(n))
		f.rotate(t, n, suffix)
		f.append(t, eventLine(n+1))
		f.wait(t, eventLines(0, n+2))
		// Three at once: each was there for less than a look.
		for m := n + 2; m < n+8; m += 2 {
			f.append(t, eventLine(m))
			f.rotate(t, m, suffix)
			f.append(t, eventLine(m+1))
		}
		f.wait(t, eventLines(0, n+8))
		f.append(t, eventLines(n+8, n+10))
		f.wait(t, eventLines(0, n+10))
	}
	// Moved elsewhere, with a name that says nothing, and cut to nothing.
	if err := os.Rename(f.path, f.path+".1"); err != nil {
		t.Fatal(err)
	}
	f.append(t, eventLines(33, 35))
	f.wait(t, eventLines(0, 35))
	if err := os.Truncate(f.path, 0); err != nil {
		t.Fatal(err)
	}
	f.append(t, eventLine(35))
	f.wait(t, eventLines(0, 36))
	if notes := f.notes.String(); strings.Count(notes, "\n") != 1 {
		t.Errorf("notes: %s", notes)
	}
}

func TestFollowFromTheLastOnes(t *testing.T) {
	f := follow(t, eventLines(0, 10), "-n", "2")
	f.wait(t, eventLines(8, 10))
	f.append(t, eventLines(10, 15))
	f.wait(t, eventLines(8, 15))
}

// TestFollowWhatIsRotatedBeforeItIsSeen: rotated files from before are not
// shown, those that come while there is no file to be seen are.
func TestFollowWhatIsRotatedBeforeItIsSeen(t *testing.T) {
	f := follow(t, "")
	eventually(t, "a note that the file is missing", func() bool { return strings.Contains(f.notes.String(), "waiting") })
	for n := range 3 {
		f.append(t, eventLine(n))
		f.rotate(t, n, []string{".gz", "", ".zst"}[n])
	}
	f.append(t, eventLine(3))
	f.wait(t, eventLines(0, 4))
}

// TestFollowEqualLines: lines of format raw may well be equal, and so may whole
// files.
func TestFollowEqualLines(t *testing.T) {
	const line = `{"ping":true}` + "\n"
	shown := line
	f := follow(t, line)
	f.wait(t, shown)
	for i, suffix := range []string{".gz", ".zst", ""} {
		f.rotate(t, 10*i, suffix)
		f.append(t, line) // as the file before
		f.rotate(t, 10*i+1, suffix)
		f.append(t, line+line)
		f.rotate(t, 10*i+2, suffix)
		f.append(t, line)
		shown += strings.Repeat(line, 4)
		f.wait(t, shown)
	}
	if notes := f.notes.String(); notes != "" {
		t.Errorf("notes: %s", notes)
	}
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

func TestOutputThatCannotBeWritten(t *testing.T) {
	path := file(t, "a", eventLines(0, 3))
	for _, args := range [][]string{{"tail", path}, {"tail", "-f", path}, {"find", path}, {"find", "--csv", path}, {"find", "--count", path}, {"check", path}, {"replay", "--dry-run", "--to", "http://a", path}} {
		cmd := &cobra.Command{Use: "webhook", SilenceUsage: true, SilenceErrors: true}
		Register(cmd, []play.Service{verifying}, nil, nil, nil)
		cmd.SetArgs(args)
		cmd.SetOut(fullDisk{})
		cmd.SetErr(&buffer{})
		if err := cmd.ExecuteContext(context.Background()); err == nil || !strings.Contains(err.Error(), "no space left") {
			t.Errorf("%v: %v", args, err)
		}
	}
}
