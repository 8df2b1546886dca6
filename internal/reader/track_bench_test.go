package reader

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/files"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/files/frames"
)

// BenchmarkTrack reads 256 MB of events of 1 kB.
func BenchmarkTrack(b *testing.B) {
	const lines = 256 << 10
	for _, ending := range files.Endings {
		b.Run("form"+ending, func(b *testing.B) {
			path := filepath.Join(b.TempDir(), "events.jsonl")
			name := files.RotatedName(path, time.Unix(1_700_000_000, 0)) + ending
			file, err := os.Create(name)
			if err != nil {
				b.Fatal(err)
			}
			plain, w := io.Pipe()
			go func() {
				for n := range lines {
					_, _ = io.WriteString(w, strings.Replace(eventLine(n), `"x":`, `"y":"`+strings.Repeat("abcdefgh", 105)+`","x":`, 1))
				}
				_ = w.Close()
			}()
			switch ending {
			case ".gz":
				err = frames.WriteGzip(file, plain)
			case ".zst":
				err = frames.WriteZstd(file, plain)
			default:
				_, err = io.Copy(file, plain)
			}
			if err != nil || file.Close() != nil {
				b.Fatal(err)
			}
			b.ResetTimer()
			for range b.N {
				t := NewTrack(path, nil)
				n, bytes := 0, 0
				for {
					text, _, err := t.Next()
					if errors.Is(err, io.EOF) {
						break
					}
					if err != nil {
						b.Fatal(err)
					}
					n++
					bytes += len(text) + 1
				}
				t.Close()
				if n != lines {
					b.Fatal(n)
				}
				b.SetBytes(int64(bytes))
			}
		})
	}
}

// BenchmarkTrackOfManyFiles is a start, and what is asked once a second, with 10,000 rotated files.
func BenchmarkTrackOfManyFiles(b *testing.B) {
	path := filepath.Join(b.TempDir(), "events.jsonl")
	at := time.Unix(1_700_000_000, 0)
	var undone []Position
	for i := range 10_000 {
		at = at.Add(time.Minute)
		line := []byte(eventLine(i))
		undone = append(undone, Position{File: printOf(line), Rotated: at, Length: int64(len(line)), Hash: HashOf(line)})
		if err := os.WriteFile(files.RotatedName(path, at), line, 0o600); err != nil {
			b.Fatal(err)
		}
	}
	time.Sleep(settling) // so that the directory has not been changed just now
	b.Run("seek", func(b *testing.B) {
		for range b.N {
			t := NewTrack(path, nil)
			if err := t.Seek(undone[5000]); err != nil {
				b.Fatal(err)
			}
			t.Close()
		}
	})
	b.Run("seek without the name", func(b *testing.B) {
		for range b.N {
			t := NewTrack(path, nil)
			p := undone[0]
			p.Rotated = NeverRotated
			if err := t.Seek(p); err != nil {
				b.Fatal(err)
			}
			t.Close()
		}
	})
	t := NewTrack(path, nil)
	if err := t.Seek(undone[5000]); err != nil {
		b.Fatal(err)
	}
	b.Run("need", func(b *testing.B) {
		for range b.N {
			t.Need(undone[5000], undone[:5000])
		}
	})
	b.Run("backlog", func(b *testing.B) {
		for range b.N {
			t.Backlog()
		}
	})
}
