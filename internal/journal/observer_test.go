package journal

import (
	"context"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"
)

func TestObserver(t *testing.T) {
	var synced, lines, batches atomic.Int64
	j := New(filepath.Join(t.TempDir(), "events.jsonl"), nil)
	j.Observe(&Observer{
		Synced:    func(time.Duration) { synced.Add(1) },
		Committed: func(n int) { lines.Add(int64(n)); batches.Add(1) },
	})
	for i, sync := range []time.Duration{SyncAlways, SyncNever, SyncAlways} {
		if err := j.Append(context.Background(), []byte("x\n"), &Options{Sync: sync, Mode: 0o600, DirMode: 0o700}); err != nil {
			t.Fatal(err)
		}
		if got := lines.Load(); got != int64(i+1) {
			t.Errorf("%d lines were told of, want %d", got, i+1)
		}
	}
	if synced.Load() != 2 || batches.Load() != 3 {
		t.Errorf("%d fsyncs and %d batches were told of, want 2 and 3", synced.Load(), batches.Load())
	}
	if err := j.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
}
