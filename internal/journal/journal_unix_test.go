//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package journal

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestModesAreExactWhateverTheUmask(t *testing.T) {
	for _, umask := range []int{0, 0o022, 0o077, 0o777} {
		for _, o := range []*Options{{Mode: 0o600, DirMode: 0o700}, {Mode: 0o640, DirMode: 0o750}, {Mode: 0o666, DirMode: 0o777}} {
			if umask == 0o777 && os.Getuid() != 0 {
				continue // the directory could not be used before it has its mode
			}
			t.Run(fmt.Sprintf("umask %03o, file %03o", umask, o.Mode), func(t *testing.T) {
				_, fsys := newJournal(t)
				j := New(filepath.Join(fsys.root, "a", "b", "events.jsonl"), fsys)
				defer finish(t, j, fsys)
				defer syscall.Umask(syscall.Umask(umask))
				mustAppend(t, j, o, "one\n")
				for path, want := range map[string]fs.FileMode{
					"a":                o.DirMode | fs.ModeDir,
					"a/b":              o.DirMode | fs.ModeDir,
					"a/b/events.jsonl": o.Mode,
				} {
					info, err := os.Stat(filepath.Join(fsys.root, path))
					if err != nil {
						t.Fatal(err)
					}
					if info.Mode() != want {
						t.Errorf("%s: %v, want %v", path, info.Mode(), want)
					}
				}
			})
		}
	}
}

func TestModesOfExistingFilesStay(t *testing.T) {
	j, fsys := newJournal(t)
	write(t, j.file.path, "")
	for path, mode := range map[string]fs.FileMode{fsys.root: 0o711, j.file.path: 0o604} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	mustAppend(t, j, always, "one\n")
	for path, want := range map[string]fs.FileMode{fsys.root: 0o711, j.file.path: 0o604} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v, want %v", path, info.Mode(), err, want)
		}
	}
}

func TestPathThatIsAFIFO(t *testing.T) {
	j, fsys := newJournal(t)
	if err := syscall.Mkfifo(j.file.path, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := await(t, goAppend(j, always, "one\n")); err == nil || !strings.Contains(err.Error(), j.file.path) {
		t.Errorf("%v, want an error with the path", err)
	}
	if info, err := os.Stat(j.file.path); err != nil || info.Mode().Type() != fs.ModeNamedPipe || fsys.count(opWrite) > 0 {
		t.Errorf("the FIFO was touched: %v, %v", info, err)
	}
	awaitIdle(t, j)
	if n := fsys.descriptors(); n != 0 {
		t.Errorf("%d descriptors open", n)
	}
}
