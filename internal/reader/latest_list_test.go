package reader_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/files"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/reader"
)

// TestLatestWhileLiveFileGoes: what was rotated is found also if the live file is not there any more once they were listed.
func TestLatestWhileLiveFileGoes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.jsonl")
	for i := range 200 { // so that listing takes a while
		latestFile(t, files.RotatedName(path, latestStart.Add(time.Duration(i)*time.Minute)), latestLine(i, 1))
	}
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			select {
			case <-stop:
				return
			default:
				_ = os.WriteFile(path, []byte(latestLine(200, 1)), 0o600)
				_ = os.Remove(path)
			}
		}
	}()
	for range 50 {
		l := reader.Latest{Paths: []string{path}, Limit: 1, Bytes: 1, Time: time.Minute}
		found, next, err := l.Run(context.Background(), nil)
		if err != nil || len(found) != 1 || next.Done() {
			t.Errorf("%d found, %v, done: %t", len(found), err, next.Done())
			break
		}
	}
	close(stop)
	<-stopped
}
