package deliver

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
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

// TestDeadLettersOnAFullDisk are not added, and those that are there stay readable; retry takes all or nothing.
func TestDeadLettersOnAFullDisk(t *testing.T) {
	dir := onSmallDisk(t, "256k")
	if dir == "" {
		return
	}
	shop := newDeadLetters(filepath.Join(dir, "events.jsonl"), "shop", "app", 0o600, 0o700)
	desk := newDeadLetters(filepath.Join(dir, "events.jsonl"), "desk", "app", 0o600, 0o700)
	mustAdd(t, shop, "1", "2")
	mustAdd(t, desk, "3")
	f, err := os.Create(dir + "/other")
	if err != nil {
		t.Fatal(err)
	}
	for err == nil {
		_, err = f.Write(make([]byte, 4096))
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
	large := []byte(strings.Replace(string(deadLine("4", "shop", time.Now())), `"a":1`, `"a":"`+strings.Repeat("x", 20_000)+`"`, 1))
	for range 3 {
		if err := shop.add(large, "refused", 1); !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), shop.path) {
			t.Error(err)
		}
		wantIDs(t, shop.path, "1 2 3")
		if n, err := shop.retry(); n != 0 || !errors.Is(err, syscall.ENOSPC) {
			t.Error(n, err)
		}
		wantIDs(t, shop.path, "1 2 3")
		wantIDs(t, shop.retrying, "")
	}
	content, err := os.ReadFile(shop.path)
	if err != nil || strings.Count(string(content), "\n") != 3 || content[len(content)-1] != '\n' {
		t.Errorf("%q, %v", content, err)
	}
	if err := errors.Join(f.Close(), os.Remove(f.Name())); err != nil {
		t.Fatal(err)
	}
	if err := shop.add(large, "refused", 1); err != nil {
		t.Error(err)
	}
	mustRetry(t, shop, 3)
	wantIDs(t, shop.path, "3")
	wantIDs(t, shop.retrying, "1 2 4")
}
