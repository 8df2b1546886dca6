package files

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/files/frames"
)

// Several processes that compress the same files by mistake lose nothing.
func TestTwoKeepersLoseNothing(t *testing.T) {
	dir := t.TempDir()
	const name = "events-2026-11-23T17-04-58.%03d.jsonl"
	for i := range 300 {
		path := filepath.Join(dir, fmt.Sprintf(name, i))
		write(t, path, fmt.Sprintf("%d\n", i))
		if i%3 == 0 { // from before a crash
			write(t, path+".gz", "")
		}
		var keepers sync.WaitGroup
		for range 3 {
			keepers.Add(1)
			go func() {
				defer keepers.Done()
				_ = keeperWith(OS{}, dir, Wishes{Compression: Gzip}).Keep(time.Now())
			}()
		}
		keepers.Wait()
		if linesIn(t, dir)[fmt.Sprintf("%d\n", i)] == 0 {
			t.Fatalf("file %d is gone", i)
		}
		for _, name := range names(t, dir) {
			if err := os.Remove(filepath.Join(dir, name)); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// What is compressed can be entered in the middle.
func TestCompressedFilesAreInFrames(t *testing.T) {
	for _, c := range []Compression{Gzip, Zstd} {
		dir := t.TempDir()
		name := filepath.Join(dir, "events-2026-11-23T17-04-58.123.jsonl")
		write(t, name, strings.Repeat(strings.Repeat("x", 999)+"\n", 3000))
		if err := keeperWith(OS{}, dir, Wishes{Compression: c}).Keep(time.Now()); err != nil {
			t.Fatal(err)
		}
		content, err := os.ReadFile(name + string(c))
		if err != nil {
			t.Fatal(err)
		}
		index := frames.Index(bytes.NewReader(content), int64(len(content)))
		if len(index) != 3 || index[1].Plain != frames.Size/1000*1000 {
			t.Errorf("%s: %v", c, index)
		}
	}
}

// The reserved name of a compressed file that another process completes just
// after it was looked at.
func TestCompressedFileOfAnotherProcessIsKept(t *testing.T) {
	fsys := newFaultFS(t)
	original := filepath.Join(fsys.root, "events-2026-11-23T17-04-58.123.jsonl")
	write(t, original, "one\n")
	write(t, original+".gz", "")
	fsys.add(hook{op: opStat, base: filepath.Base(original + ".gz"), nth: 1, after: func() error {
		write(t, original+".gz", gzipped(t, "one\n"))
		return os.Remove(original)
	}})
	if err := keeperWith(fsys, fsys.root, Wishes{Compression: Gzip}).Keep(time.Now()); err != nil {
		t.Error(err)
	}
	if got := linesIn(t, fsys.root); got["one\n"] != 1 {
		t.Errorf("%v", got)
	}
}

// The fsync of the directory fails for one process just when another one, for
// which it did not, has seen the compressed file and removed the original.
func TestCompressedFileStaysWhenTheDirectorysFsyncFails(t *testing.T) {
	for name, before := range map[string]bool{"before it": true, "after it": false} {
		t.Run(name, func(t *testing.T) {
			fsys := newFaultFS(t)
			write(t, filepath.Join(fsys.root, "events-2026-11-23T17-04-58.123.jsonl"), "one\n")
			other := keeperWith(OS{}, fsys.root, Wishes{Compression: Gzip})
			h := hook{op: opSyncDir, nth: 1, before: func() error {
				return errors.Join(other.Keep(time.Now()), errDisk)
			}}
			if !before {
				h.before, h.after = nil, h.before
			}
			fsys.add(h)
			k := keeperWith(fsys, fsys.root, Wishes{Compression: Gzip})
			if err := k.Keep(time.Now()); !errors.Is(err, errDisk) {
				t.Errorf("%v", err)
			}
			if got := linesIn(t, fsys.root); got["one\n"] != 1 {
				t.Errorf("%v", got)
			}
		})
	}
}
