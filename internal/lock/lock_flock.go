//go:build darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd

package lock

import (
	"errors"
	"os"
	"syscall"
)

// Open opens a file that nobody else can lock as long as it is open.
func Open(path string) (*os.File, error) {
	for range 100 {
		f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			return nil, err
		}
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil && IsThere(f) {
			return f, nil
		}
		_ = f.Close()
		switch {
		case err == nil: // renamed or removed by whoever held it until just now
		case errors.Is(err, syscall.EWOULDBLOCK):
			return nil, ErrLocked
		default:
			return nil, &os.PathError{Op: "lock", Path: path, Err: err}
		}
	}
	return nil, ErrLocked
}
