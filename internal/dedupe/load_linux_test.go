package dedupe

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/files"
)

// TestReadBackOpensFewFiles: there may be more rotated files than a process may open, and
// requests need some, too.
func TestReadBackOpensFewFiles(t *testing.T) {
	const n = 200
	path := filepath.Join(t.TempDir(), "events.jsonl")
	for i := range n {
		ago := time.Duration(i+1) * time.Second
		if err := os.WriteFile(files.RotatedName(path, time.Now().Add(-ago)), []byte(storedLine(fmt.Sprint(i), ago)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	open, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &before); err != nil {
		t.Fatal(err)
	}
	few := before
	few.Cur = uint64(len(open) + 20)
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &few); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = syscall.Setrlimit(syscall.RLIMIT_NOFILE, &before) }()
	if _, events, _ := shareFile(t, path, time.Hour); events != n {
		t.Errorf("%d events, want %d", events, n)
	}
}
