package reader

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
		lines, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range []string{"one", "", long} {
			l, err := lines.Next()
			if err != nil || string(l.Text) != want || l.Number != i+1 || l.Long {
				t.Errorf("%s: line %d is %.20q (%d), %v", name, i+1, l.Text, l.Number, err)
			}
		}
		for range 2 {
			if _, err := lines.Next(); !errors.Is(err, io.EOF) {
				t.Errorf("%s: at the end: %v", name, err)
			}
			if rest := lines.Rest(); string(rest.Text) != "rest" || rest.Number != 4 {
				t.Errorf("%s: the rest is %q, in line %d", name, rest.Text, rest.Number)
			}
		}
		lines.Close()
	}
}

func TestLinesOfAFileThatGrows(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.jsonl")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer lines.Close()
	for i, part := range []string{"a", "b\nc", "\n", "d\n"} {
		if _, err := lines.Next(); !errors.Is(err, io.EOF) {
			t.Fatalf("before part %d: %v", i, err)
		}
		if _, err := f.WriteString(part); err != nil {
			t.Fatal(err)
		}
		if want := []string{"", "ab", "c", "d"}[i]; want != "" {
			if l, err := lines.Next(); err != nil || string(l.Text) != want {
				t.Errorf("after part %d: %q, %v", i, l.Text, err)
			}
		}
	}
}

func TestLineOverTheLimitIsNotHeld(t *testing.T) {
	path := file(t, "a.jsonl", strings.Repeat("x", 1<<20)+"\nnext\n"+strings.Repeat("y", 100_001)+"\n"+strings.Repeat("z", 100_000)+"\n")
	lines, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer lines.Close()
	lines.limit = 100_000
	for i, want := range []struct {
		size int
		long bool
	}{{100_000, true}, {4, false}, {100_000, true}, {100_000, false}} {
		l, err := lines.Next()
		if err != nil || len(l.Text) != want.size || l.Long != want.long {
			t.Errorf("line %d: %d bytes, long %v, %v", i+1, len(l.Text), l.Long, err)
		}
		if cap(l.Text) > 300_000 {
			t.Errorf("line %d holds %d bytes", i+1, cap(l.Text))
		}
	}
	if kind, _, err := Parse(Line{Text: []byte("{"), Long: true}); kind != Invalid {
		t.Errorf("a line over the limit is %v: %v", kind, err)
	}
}
