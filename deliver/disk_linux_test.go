package deliver

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/files/disktest"
)

// TestDeadLettersOnAFullDisk are not added, and those that are there stay readable; retry takes all or nothing.
func TestDeadLettersOnAFullDisk(t *testing.T) {
	dir := disktest.OnSmall(t, "256k")
	if dir == "" {
		return
	}
	shop := newDeadLetters(filepath.Join(dir, "events.jsonl"), "shop", "app", 0o600, 0o700)
	desk := newDeadLetters(filepath.Join(dir, "events.jsonl"), "desk", "app", 0o600, 0o700)
	mustAdd(t, shop, "1", "2")
	mustAdd(t, desk, "3")
	f := disktest.Fill(t, dir+"/other", 4096)
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
