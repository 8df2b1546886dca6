package journal

import (
	"context"
	"fmt"
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

// openDescriptors returns 0 where there is no way to know.
func openDescriptors() int {
	entries, _ := os.ReadDir("/proc/self/fd")
	return len(entries)
}
