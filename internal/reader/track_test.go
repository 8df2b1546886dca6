package reader_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/files"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/journal"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/reader"
)

// TestTrackFollows a journal through rotation, compression and restarts: each line comes once,
// in its order.
func TestTrackFollows(t *testing.T) {
	for _, compression := range []files.Compression{"", files.Gzip, files.Zstd} {
		t.Run("compressed"+string(compression), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			path := filepath.Join(dir, "events.jsonl")
			t.Cleanup(func() { // what is rotated may still be compressed
				for deadline := time.Now().Add(time.Minute); os.RemoveAll(dir) != nil && time.Now().Before(deadline); {
					time.Sleep(time.Millisecond)
				}
			})
			j := journal.New(path, nil)
			options := &journal.Options{Mode: 0o600, DirMode: 0o700, Rotation: journal.Rotation{Size: 8 << 10, Compression: compression}}
			j.Register(options)
			random := rand.New(rand.NewPCG(1, uint64(len(compression))))
			const lines = 3000
			go func() {
				for i := range lines {
					line := fmt.Appendf(nil, "%d %s\n", i, strings.Repeat("x", random.IntN(400)))
					if err := j.Append(context.Background(), line, options); err != nil {
						t.Error(err)
						return
					}
				}
			}()
			track := reader.NewTrack(path, nil)
			defer func() { track.Close() }()
			var positions []reader.Position
			restarts := rand.New(rand.NewPCG(2, 2))
			for deadline := time.Now().Add(time.Minute); len(positions) < lines; {
				text, p, err := track.Next()
				if errors.Is(err, io.EOF) {
					if time.Now().After(deadline) {
						t.Fatalf("%d lines of %d", len(positions), lines)
					}
					time.Sleep(time.Millisecond)
					continue
				}
				if err != nil {
					t.Fatal(err)
				}
				if !strings.HasPrefix(string(text), fmt.Sprint(len(positions), " ")) {
					t.Fatalf("%.20q instead of line %d", text, len(positions))
				}
				positions = append(positions, p)
				if restarts.IntN(50) == 0 {
					track.Close()
					track = reader.NewTrack(path, nil)
					if err := track.Seek(p); err != nil {
						t.Fatal(err)
					}
				}
			}
			for range 300 {
				i := restarts.IntN(lines)
				line, err := track.At(positions[i])
				if err != nil || !strings.HasPrefix(string(line), fmt.Sprint(i, " ")) {
					t.Fatalf("line %d again: %.20q, %v", i, line, err)
				}
			}
			if err := j.Close(context.Background()); err != nil {
				t.Error(err)
			}
		})
	}
}
