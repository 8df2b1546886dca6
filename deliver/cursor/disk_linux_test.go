package cursor

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"testing"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/files/disktest"
)

// TestFullDisk does not keep a cursor from being saved, be it as large as can be, nor leaves half
// a one that does not fit.
func TestFullDisk(t *testing.T) {
	dir := disktest.OnSmall(t, "4m")
	if dir == "" {
		return
	}
	path := dir + "/cursor"
	c, err := Create(path, 0o600, numbered(1))
	if err != nil {
		t.Fatal(err)
	}
	f := disktest.Fill(t, dir+"/other", 512)
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
