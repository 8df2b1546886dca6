//go:build unix

package inspectorkey

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
)

// TestOnlyTheOwnerReads the key, whatever the umask.
func TestOnlyTheOwnerReads(t *testing.T) {
	for _, umask := range []int{0, 0o022, 0o077} {
		path := nowhere(t)
		func() {
			defer syscall.Umask(syscall.Umask(umask))
			get(t)
		}()
		dir := filepath.Dir(path)
		for name, want := range map[string]os.FileMode{path: 0o600, dir: 0o700 | os.ModeDir, filepath.Dir(dir): 0o700 | os.ModeDir} {
			if info, err := os.Stat(name); err != nil || info.Mode() != want {
				t.Errorf("umask %o: %s: %v (%v)", umask, name, info.Mode(), err)
			}
		}
	}
}

// TestRootMakesItForCaddy: what root makes is of the user whose directory it is in.
func TestRootMakesItForCaddy(t *testing.T) {
	path := nowhere(t)
	if os.Geteuid() != 0 {
		get(t) // nobody else gives files away, and nobody needs to
		return
	}
	caddys := filepath.Dir(filepath.Dir(path))
	if err := os.MkdirAll(caddys, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(caddys, 4321, 4322); err != nil {
		t.Fatal(err)
	}
	get(t)
	for _, name := range []string{path, filepath.Dir(path)} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if owner := info.Sys().(*syscall.Stat_t); owner.Uid != 4321 || owner.Gid != 4322 {
			t.Errorf("%s is of %d:%d", name, owner.Uid, owner.Gid)
		}
	}
}

// TestDirectoryThatCannotBeWritten says which.
func TestDirectoryThatCannotBeWritten(t *testing.T) {
	path := nowhere(t)
	dir := filepath.Dir(path)
	if os.Geteuid() == 0 && runtime.GOOS == "linux" { // who may write in everything else
		t.Setenv("XDG_DATA_HOME", "/proc")
		path, dir = Path(), "/proc"
	} else if err := errors.Join(os.MkdirAll(dir, 0o700), os.Chmod(dir, 0o500)); err != nil {
		t.Fatal(err)
	}
	if key, err := Get(); key != "" || err == nil || !strings.Contains(err.Error(), dir) {
		t.Errorf("%s: %q, %v", path, key, err)
	}
}
