package journal

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// TestRenamingByTwoProcessesLosesNothing has two processes rename the same file
// at the same time, to names of the same millisecond, and one of them begin a
// fresh one at once.
func TestRenamingByTwoProcessesLosesNothing(t *testing.T) {
	skipWhereOpenFilesCannotBeRenamed(t)
	at := time.Now()
	for i := range 500 {
		dir := filepath.Join(t.TempDir(), strconv.Itoa(i))
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, "events.jsonl")
		write(t, path, "old\n")
		created := make(chan bool, 2)
		for range 2 {
			go func() {
				f := file{fs: osFS{}, path: path, target: path}
				if _, err := f.rename(path, at); err != nil {
					created <- false
					return
				}
				fresh, err := f.fs.Create(path, 0o600)
				if err == nil {
					_, err = fresh.Write([]byte("acknowledged\n"))
					_ = fresh.Close()
				}
				created <- err == nil
			}()
		}
		want := 0
		for range 2 {
			if <-created {
				want++
			}
		}
		if got := linesBelow(t, dir); got["old\n"] != 1 || got["acknowledged\n"] != want {
			t.Fatalf("after %d tries: %v, want %d acknowledged ones", i+1, got, want)
		}
	}
}
