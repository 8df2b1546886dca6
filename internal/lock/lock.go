// Package lock has files that one process at a time can hold, which is let go of when it
// ends, however it does.
package lock

import (
	"errors"
	"io/fs"
	"os"
	"time"
)

// Ending is what is added to a file's name for that of a file whose holder may use it.
const Ending = ".lock"

// ErrLocked is the error of Open for a file that another process holds, or another part of
// this one.
var ErrLocked = errors.New("is held by another process")

// Wait is Open, for a file that others hold for moments only: it waits for them, up to that long.
func Wait(path string, limit time.Duration) (*os.File, error) {
	for began := time.Now(); ; time.Sleep(time.Millisecond) {
		f, err := Open(path)
		if !errors.Is(err, ErrLocked) || time.Since(began) > limit {
			return f, err
		}
	}
}

// IsThere tells whether an open file's name still leads to it: where somebody has removed it,
// another process can hold a new one.
func IsThere(f interface {
	Name() string
	Stat() (fs.FileInfo, error)
},
) bool {
	own, err := f.Stat()
	if err != nil {
		return false
	}
	now, err := os.Stat(f.Name())
	return err == nil && os.SameFile(own, now)
}
