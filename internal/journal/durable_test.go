package journal

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/files"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/reader"
)

func infoOf(t *testing.T, path string) fs.FileInfo {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info
}

func wantDurable(t *testing.T, j *Journal, info fs.FileInfo, size int64, final, known bool) {
	t.Helper()
	if s, f, k := j.Durable(info); s != size || f != final || k != known {
		t.Errorf("durable: %d, final %t, known %t; want %d, %t, %t", s, f, k, size, final, known)
	}
}

// What is known to be on the disk is what was fsynced of the file that is open, through
// rotation and reopening.
func TestDurable(t *testing.T) {
	j, fsys := newJournal(t)
	mustAppend(t, j, always, "one\n")
	first := infoOf(t, j.file.path)
	wantDurable(t, j, first, 4, false, true)

	hung := fsys.block(t, opSync)
	outcome := goAppend(j, always, "two\n")
	hung.await(t)
	wantDurable(t, j, first, 4, false, true) // though it is written
	hung.open(nil)
	if err := await(t, outcome); err != nil {
		t.Fatal(err)
	}
	wantDurable(t, j, first, 8, false, true)

	mustAppend(t, j, rotating(Rotation{Size: 1}), "three\n")
	awaitIdle(t, j)
	second := infoOf(t, j.file.path)
	wantDurable(t, j, first, 0, false, false)
	wantDurable(t, j, second, 6, false, true)

	j.file.close()
	wantDurable(t, j, second, 0, false, false)
	mustAppend(t, j, always, "four\n")
	wantDurable(t, j, infoOf(t, j.file.path), 5, false, true)
	if err := j.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	wantDurable(t, j, second, 0, false, false)
}

// Of files whose fsync failed nothing counts but what was fsynced before.
func TestDurableAfterAFailedFsync(t *testing.T) {
	j, fsys := newJournal(t)
	var condemned []fs.FileInfo
	for range keptDurable + 1 {
		mustAppend(t, j, always, "one\n")
		condemned = append(condemned, infoOf(t, j.file.path))
		fsys.fail(opSync, 1, errDisk)
		if err := j.Append(context.Background(), []byte("two\n"), always); !errors.Is(err, errDisk) {
			t.Fatalf("%v", err)
		}
		awaitIdle(t, j)
		expireRetry(t, j)
	}
	wantDurable(t, j, condemned[0], 0, false, false) // of so many it is not known for ever
	for _, info := range condemned[1:] {
		wantDurable(t, j, info, 4, true, true)
	}
	// Nothing was fsynced of it.
	fsys.fail(opSync, 1, errDisk)
	outcome := fsys.block(t, opRename)
	failed := goAppend(j, always, "three\n")
	outcome.await(t)
	wantDurable(t, j, infoOf(t, j.file.path), 0, true, true) // before it is renamed
	outcome.open(nil)
	if err := await(t, failed); !errors.Is(err, errDisk) {
		t.Errorf("%v", err)
	}
}

// Who watches is called after each batch, when it is known to be on the disk, until they stop.
func TestWatch(t *testing.T) {
	j, _ := newJournal(t)
	var calls [2]atomic.Int32
	var stop [2]func()
	for i := range calls {
		stop[i] = j.Watch(func() {
			if _, _, known := j.Durable(infoOf(t, j.file.path)); !known {
				t.Error("called before")
			}
			calls[i].Add(1)
		})
	}
	want := func(a, b int32) {
		t.Helper()
		awaitIdle(t, j)
		if calls[0].Load() != a || calls[1].Load() != b {
			t.Errorf("calls: %d and %d, want %d and %d", calls[0].Load(), calls[1].Load(), a, b)
		}
	}
	mustAppend(t, j, always, "one\n")
	want(1, 1)
	mustAppend(t, j, always, "two\n")
	want(2, 2)
	stop[0]()
	mustAppend(t, j, always, "three\n")
	want(2, 3)
	stop[1]()
	stop[1]()
	mustAppend(t, j, always, "four\n")
	want(2, 3)
}

// TestTrackOfAJournal follows one that is written at full speed, rotated and compressed: each line of each
// writer comes once and in its order, and none before it is on the disk.
func TestTrackOfAJournal(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.jsonl")
	j := New(path, nil)
	t.Cleanup(func() { awaitIdle(t, j) })
	options := &Options{Mode: 0o600, DirMode: 0o700, Rotation: Rotation{Size: 32 << 10, Compression: files.Zstd, Keep: 2}}
	j.Register(options)
	track := reader.NewTrack(path, j)
	defer track.Close()
	track.Lost = func(h reader.Hole) { t.Errorf("lost: %v", h) }
	track.Passed = func(file string, line []byte) { t.Errorf("passed: %s %q", file, line) }
	var need atomic.Pointer[reader.Need]
	release := j.Hold(func(rotated time.Time) bool { return need.Load().Needs(rotated) }, func(time.Time) {})
	defer release()
	wake := make(chan struct{}, 1)
	stop := j.Watch(func() {
		select {
		case wake <- struct{}{}:
		default:
		}
	})
	defer stop()
	const writers, lines = 8, 500
	var writing sync.WaitGroup
	for w := range writers {
		writing.Add(1)
		go func() {
			defer writing.Done()
			for i := range lines {
				if err := j.Append(context.Background(), fmt.Appendf(nil, "%d %d %s\n", w, i, strings.Repeat("x", i)), options); err != nil {
					t.Error(err)
				}
			}
		}()
	}
	var next [writers]int
	deadline := time.After(2 * time.Minute)
	for n := 0; n < writers*lines; {
		text, _, err := track.Next()
		if errors.Is(err, io.EOF) {
			need.Store(track.Need(track.Last(), nil))
			select {
			case <-wake:
			case <-time.After(time.Second):
			case <-deadline:
				t.Fatalf("%d lines", n)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		var w, i int
		if _, err := fmt.Sscanf(string(text), "%d %d", &w, &i); err != nil || i != next[w] {
			t.Fatalf("%.20q, want line %d", text, next[w])
		}
		next[w]++
		n++
	}
	writing.Wait()
	if text, _, err := track.Next(); !errors.Is(err, io.EOF) {
		t.Errorf("more: %.20q %v", text, err)
	}
	if err := j.Close(context.Background()); err != nil {
		t.Error(err)
	}
}
