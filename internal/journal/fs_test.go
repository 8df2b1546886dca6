package journal

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

func TestRealFileSystem(t *testing.T) {
	before := openDescriptors()
	path := filepath.Join(t.TempDir(), "a", "b", "events.jsonl")
	j := New(path, nil)
	want := ""
	for i := range 20 {
		line := fmt.Sprintf("line %d\n", i)
		want += line
		mustAppend(t, j, always, line)
	}
	if err := j.Close(context.Background()); err != nil {
		t.Error(err)
	}
	if got := read(t, path); got != want {
		t.Errorf("file: %q", got)
	}
	if after := openDescriptors(); after != before {
		t.Errorf("%d descriptors open, %d before", after, before)
	}
}

func TestOsFSFailsAsItsUserExpects(t *testing.T) {
	dir := t.TempDir()
	taken := filepath.Join(dir, "taken")
	free := filepath.Join(dir, "free")
	write(t, taken, "taken")
	write(t, free, "free")
	var fsys osFS
	_, missing := fsys.Open(filepath.Join(dir, "missing"))
	_, created := fsys.Create(taken, 0o600)
	for _, test := range []struct {
		name      string
		got, want error
	}{
		{"open of a missing file", missing, fs.ErrNotExist},
		{"creation of a file that exists", created, fs.ErrExist},
		{"creation of a directory that exists", fsys.Mkdir(dir, 0o700), fs.ErrExist},
		{"renaming of nothing", fsys.Rename(filepath.Join(dir, "missing"), free+"2"), fs.ErrNotExist},
	} {
		if !errors.Is(test.got, test.want) {
			t.Errorf("%s: %v, want %v", test.name, test.got, test.want)
		}
	}
	if read(t, taken) != "taken" || read(t, free) != "free" {
		t.Error("a file was changed")
	}
}

// openDescriptors returns 0 where there is no way to know.
func openDescriptors() int {
	entries, _ := os.ReadDir("/proc/self/fd")
	return len(entries)
}
