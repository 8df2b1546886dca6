package reader_test

import (
	"bytes"
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/files"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/files/frames"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/reader"
)

// TestLatestOfDamageBeforeLongLine: whichever frame is damaged, as much is found as forwards, also where a line
// goes over several frames behind it.
func TestLatestOfDamageBeforeLongLine(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.jsonl")
	var text, whole bytes.Buffer
	for i := range 4000 {
		size := 1000
		if i == 2500 {
			size = 3 << 20
		}
		text.WriteString(latestLine(i, size))
	}
	if err := frames.WriteZstd(&whole, &text); err != nil {
		t.Fatal(err)
	}
	index := frames.Index(bytes.NewReader(whole.Bytes()), int64(whole.Len()))
	for bad, frame := range index {
		damaged := bytes.Clone(whole.Bytes())
		damaged[frame.Offset+frame.Size/2] ^= 0xff
		latestFile(t, files.RotatedName(path, latestStart.AddDate(0, 0, 7))+".zst", string(damaged))
		journals, err := reader.Resolve([]string{path})
		if err != nil {
			t.Fatal(err)
		}
		forwards := 0
		scan := reader.Scan{Journals: journals}
		if err := scan.Run(context.Background(), func(f *reader.Found) error {
			if f.Event != nil {
				forwards++
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		journals.Close()
		l := reader.Latest{Paths: []string{path}, Limit: 4000, Bytes: 1 << 30, Time: time.Minute}
		found, next, err := l.Run(context.Background(), nil)
		if err != nil || !next.Done() || len(found) != forwards || forwards < 1000 {
			t.Errorf("frame %d of %d: %d found, %d forwards, %v", bad, len(index), len(found), forwards, err)
		}
	}
}
