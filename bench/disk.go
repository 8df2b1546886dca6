package main

import (
	"bytes"
	"os"
	"path/filepath"
	"time"
)

// fsyncTime is how long it takes to write and fsync that many bytes, on the
// average, one after another in one file, with a pause between them: after one
// it takes longer, as the processor and the disk have gone to rest.
func fsyncTime(dir string, size int, pause, d time.Duration) (time.Duration, error) {
	f, err := os.Create(filepath.Join(dir, "fsync"))
	if err != nil {
		return 0, err
	}
	defer func() { _ = os.Remove(f.Name()) }()
	defer func() { _ = f.Close() }()
	data := bytes.Repeat([]byte("x"), size)
	took, n := time.Duration(0), 0
	for end := time.Now().Add(d); time.Now().Before(end); n++ {
		began := time.Now()
		if _, err := f.Write(data); err != nil {
			return 0, err
		}
		if err := f.Sync(); err != nil {
			return 0, err
		}
		took += time.Since(began)
		time.Sleep(pause)
	}
	return took / time.Duration(n), nil
}
