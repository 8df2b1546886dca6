package reader_test

import (
	"bytes"
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/files"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/reader"
)

// TestLatestWithWrongClock: what was stored before a clock was wrong for a while is found all the same, and of what is
// older than what is wanted little is read.
func TestLatestWithWrongClock(t *testing.T) {
	const n = 4000 // a few blocks
	start := 60 * 24 * 365
	lines := func(from int) string {
		var b bytes.Buffer
		for i := range n {
			b.WriteString(latestLine(from+i, 500))
		}
		return b.String()
	}
	path := filepath.Join(t.TempDir(), "events.jsonl")
	rotated := func(minutes int) string {
		return files.RotatedName(path, latestStart.Add(time.Duration(minutes)*time.Minute))
	}
	l := reader.Latest{Paths: []string{path}, Limit: 10 * n, Bytes: 1 << 30, Time: time.Minute}
	l.Query.Since = latestStart.Add(time.Duration(start) * time.Minute)
	latestFile(t, rotated(start+n), lines(0)+lines(start))
	latestFile(t, path, lines(start+n)+lines(0)+lines(start+2*n))
	of := l
	found, next, err := of.Run(context.Background(), nil)
	if err != nil || len(found) != 3*n || !next.Done() {
		t.Errorf("%d found, want %d, %v, done: %t", len(found), 3*n, err, next.Done())
	}
	if all := int64(5 * len(lines(start))); of.Read > all-1<<20 {
		t.Errorf("%d of %d bytes were read", of.Read, all)
	}
}
