package lock

import (
	"bufio"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"
)

// canLock is false on the systems of lock_other.go.
var canLock = runtime.GOOS != "solaris" && runtime.GOOS != "aix" && runtime.GOOS != "plan9" && runtime.GOOS != "js" && runtime.GOOS != "wasip1"

// TestMain is another process that holds a file, if it is told which.
func TestMain(m *testing.M) {
	if path := os.Getenv("LOCK"); path != "" {
		f, err := Open(path)
		if err != nil {
			os.Exit(1)
		}
		_, _ = os.Stdout.WriteString("locked\n")
		_, _ = io.Copy(io.Discard, os.Stdin) // until it is killed
		_ = f.Close()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// other starts a process that holds the file.
func other(t *testing.T, path string) (kill func()) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "LOCK="+path)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	kill = sync.OnceFunc(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		_ = stdin.Close()
	})
	t.Cleanup(kill)
	if line, err := bufio.NewReader(stdout).ReadString('\n'); line != "locked\n" {
		t.Fatalf("%q, %v", line, err)
	}
	return kill
}

func TestOneHoldsIt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // those who fail take nothing away
		if _, err := Open(path); canLock && !errors.Is(err, ErrLocked) {
			t.Error(err)
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if f, err = Open(path); err != nil {
		t.Fatal(err)
	}
	_ = f.Close()
}

// TestWait waits for whoever holds it, but not for ever.
func TestWait(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	held, err := Wait(path, 0)
	if err != nil {
		t.Fatal(err)
	}
	if f, err := Wait(path, 10*time.Millisecond); canLock && !errors.Is(err, ErrLocked) {
		t.Errorf("%v, %v", f, err)
	}
	time.AfterFunc(50*time.Millisecond, func() { _ = held.Close() })
	f, err := Wait(path, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	_ = f.Close()
	if _, err := Wait(filepath.Join(path, "lock"), time.Minute); err == nil || errors.Is(err, ErrLocked) {
		t.Errorf("below a file: %v", err)
	}
}

// TestKilled lets go of it.
func TestKilled(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	kill := other(t, path)
	if _, err := Open(path); canLock && !errors.Is(err, ErrLocked) {
		t.Error(err)
	}
	kill()
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	_ = f.Close()
}

// TestRemoved can be held once more; whoever holds what was removed can find out.
func TestRemoved(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	if !IsThere(f) {
		t.Error("it is not there")
	}
	if runtime.GOOS == "windows" {
		if err := os.Remove(path); err == nil {
			t.Error("it can be removed")
		}
		return
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if IsThere(f) {
		t.Error("it is there, though it was removed")
	}
	g, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = g.Close() }()
	if IsThere(f) || !IsThere(g) {
		t.Error("it is there, though it is another one")
	}
}

// TestRemovedByThoseWhoHoldIt: what is held is what the name leads to, at any time.
func TestRemovedByThoseWhoHoldIt(t *testing.T) {
	if runtime.GOOS == "windows" || !canLock {
		return // where it can't be removed, or not locked
	}
	path := filepath.Join(t.TempDir(), "lock")
	var all sync.WaitGroup
	var holders sync.Mutex
	for range 4 {
		all.Add(1)
		go func() {
			defer all.Done()
			for range 300 {
				f, err := Open(path)
				if errors.Is(err, ErrLocked) {
					continue
				}
				if err != nil {
					t.Error(err)
					return
				}
				if !holders.TryLock() {
					t.Error("two hold it")
				} else {
					holders.Unlock()
					_ = os.Remove(path) // from now on another can be held
				}
				_ = f.Close()
			}
		}()
	}
	all.Wait()
}

func TestCannotBeMade(t *testing.T) {
	dir := t.TempDir()
	if _, err := Open(filepath.Join(dir, "missing", "lock")); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	if _, err := Open(dir); err == nil || errors.Is(err, ErrLocked) {
		t.Errorf("a directory: %v", err)
	}
	if runtime.GOOS == "windows" || os.Getuid() == 0 {
		return // to whom a read-only directory is none
	}
	if err := os.Chmod(dir, 0o500); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(filepath.Join(dir, "lock")); !errors.Is(err, fs.ErrPermission) {
		t.Error(err)
	}
}
