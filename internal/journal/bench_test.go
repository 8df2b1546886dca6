package journal

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
)

// BenchmarkAppend appends lines of 1 KiB on the disk of the temporary directory.
func BenchmarkAppend(b *testing.B) {
	line := append(bytes.Repeat([]byte("x"), 1023), '\n')
	for _, mode := range []struct {
		name string
		o    *Options
	}{{"always", always}, {"off", never}} {
		for _, goroutines := range []int{1, 64} {
			b.Run(fmt.Sprintf("sync=%s/goroutines=%d", mode.name, goroutines), func(b *testing.B) {
				j := New(filepath.Join(b.TempDir(), "events.jsonl"), nil)
				mustAppend(b, j, mode.o, "first\n")
				b.SetBytes(int64(len(line)))
				b.ReportAllocs()
				b.ResetTimer()
				var wg sync.WaitGroup
				for g := range goroutines {
					wg.Add(1)
					go func() {
						defer wg.Done()
						for i := g; i < b.N; i += goroutines {
							if err := j.Append(context.Background(), line, mode.o); err != nil {
								b.Error(err)
							}
						}
					}()
				}
				wg.Wait()
				b.StopTimer()
				if err := j.Close(context.Background()); err != nil {
					b.Error(err)
				}
			})
		}
	}
}
