package main

import (
	"bytes"
	"os"
	"path/filepath"
	"time"
)

// fsyncTime is how long it takes to write and fsync that many bytes, on the
// average, one after another in one file.
func fsyncTime(dir string, size int, d time.Duration) (time.Duration, error) {
	f, err := os.Create(filepath.Join(dir, "fsync"))
	if err != nil {
		return 0, err
	}
	defer func() { _ = os.Remove(f.Name()) }()
	defer func() { _ = f.Close() }()
	data := bytes.Repeat([]byte("x"), size)
	began, n := time.Now(), 0
	for ; time.Since(began) < d; n++ {
		if _, err := f.Write(data); err != nil {
			return 0, err
		}
		if err := f.Sync(); err != nil {
			return 0, err
		}
	}
	return time.Since(began) / time.Duration(n), nil
}
