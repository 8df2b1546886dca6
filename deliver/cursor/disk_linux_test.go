package cursor

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// onSmallDisk runs the test that calls it once more, in a process that has a file system of its own
// in a directory, which that one gets. It returns an empty name to the other.
func onSmallDisk(t *testing.T, size string) (dir string) {
	t.Helper()
	if dir := os.Getenv("SMALL_DISK"); dir != "" {
		if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
			t.Fatal(err)
		}
		if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "mode=0700,size="+size); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), "SMALL_DISK="+t.TempDir())
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}
	if os.Getuid() != 0 {
		cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}}
	}
	out, err := cmd.CombinedOutput()
	switch {
	case errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.ENOSPC) || strings.Contains(string(out), "operation not permitted"):
		t.Logf("no file system can be mounted here: %v: %s", err, out)
	case err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()):
		t.Errorf("%v\n%s", err, out)
	}
	return ""
}

// TestFullDisk does not keep a cursor from being saved, be it as large as can be, nor leaves half
// a one that does not fit.
func TestFullDisk(t *testing.T) {
	dir := onSmallDisk(t, "4m")
	if dir == "" {
		return
	}
	path := dir + "/cursor"
	c, err := Create(path, 0o600, numbered(1))
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(dir + "/other")
	if err != nil {
		t.Fatal(err)
	}
	for err == nil {
		_, err = f.Write(make([]byte, 512))
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
	large := &Record{Undone: make([]Undone, 40_000)}
	for n := uint64(2); n < 6; n++ {
		large.Taken = n
		if err := c.Save(large); err != nil {
			t.Fatal(err)
		}
		wantSaved(t, path, n)
	}
	if len(c.buffer) < slotSize/2 {
		t.Errorf("only %d bytes", len(c.buffer))
	}
	other := fmt.Sprint(dir, "/other.cursor")
	if _, err := Create(other, 0o600, numbered(1)); !errors.Is(err, syscall.ENOSPC) {
		t.Error(err)
	}
	wantNames(t, dir, "cursor", "other")
	if err := os.Remove(f.Name()); err != nil {
		t.Fatal(err)
	}
	if _, err := Create(other, 0o600, numbered(1)); !errors.Is(err, syscall.ENOSPC) { // two do not fit
		t.Error(err)
	}
	wantNames(t, dir, "cursor")
	wantSaved(t, path, 5)
}
