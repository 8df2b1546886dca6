package cli

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestLines(t *testing.T) {
	long := strings.Repeat("x", 300_000) // longer than any buffer
	for _, name := range []string{"a.jsonl", "a.gz", "a.zst", "named-wrongly.gz.jsonl"} {
		content := "one\n\n" + long + "\nrest"
		path := file(t, name, content)
		lines, err := openLines(path)
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range []string{"one", "", long} {
			l, err := lines.next()
			if err != nil || string(l.text) != want || l.number != i+1 || l.long {
				t.Errorf("%s: line %d is %.20q (%d), %v", name, i+1, l.text, l.number, err)
			}
		}
		for range 2 {
			if _, err := lines.next(); !errors.Is(err, io.EOF) {
				t.Errorf("%s: at the end: %v", name, err)
			}
			if rest := lines.rest(); string(rest.text) != "rest" || rest.number != 4 {
				t.Errorf("%s: the rest is %q, in line %d", name, rest.text, rest.number)
			}
		}
		lines.close()
	}
}

func TestLinesOfAFileThatGrows(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.jsonl")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines, err := openLines(path)
	if err != nil {
		t.Fatal(err)
	}
	defer lines.close()
	for i, part := range []string{"a", "b\nc", "\n", "d\n"} {
		if _, err := lines.next(); !errors.Is(err, io.EOF) {
			t.Fatalf("before part %d: %v", i, err)
		}
		if _, err := f.WriteString(part); err != nil {
			t.Fatal(err)
		}
		if want := []string{"", "ab", "c", "d"}[i]; want != "" {
			if l, err := lines.next(); err != nil || string(l.text) != want {
				t.Errorf("after part %d: %q, %v", i, l.text, err)
			}
		}
	}
}

func TestLineOverTheLimitIsNotHeld(t *testing.T) {
	path := file(t, "a.jsonl", strings.Repeat("x", 1<<20)+"\nnext\n"+strings.Repeat("y", 100_001)+"\n"+strings.Repeat("z", 100_000)+"\n")
	lines, err := openLines(path)
	if err != nil {
		t.Fatal(err)
	}
	defer lines.close()
	lines.limit = 100_000
	for i, want := range []struct {
		size int
		long bool
	}{{100_000, true}, {4, false}, {100_000, true}, {100_000, false}} {
		l, err := lines.next()
		if err != nil || len(l.text) != want.size || l.long != want.long {
			t.Errorf("line %d: %d bytes, long %v, %v", i+1, len(l.text), l.long, err)
		}
		if cap(l.text) > 300_000 {
			t.Errorf("line %d holds %d bytes", i+1, cap(l.text))
		}
	}
	if kind, _, err := parse(line{text: []byte("{"), long: true}); kind != invalid {
		t.Errorf("a line over the limit is %v: %v", kind, err)
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
