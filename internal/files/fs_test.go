package files

import (
	"errors"
	"io/fs"
	"path/filepath"
	"testing"
)

func TestOsFSFailsAsItsUserExpects(t *testing.T) {
	dir := t.TempDir()
	taken := filepath.Join(dir, "taken")
	free := filepath.Join(dir, "free")
	write(t, taken, "taken")
	write(t, free, "free")
	var fsys OS
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
