//go:build darwin || freebsd || linux

package status

import (
	"path/filepath"

	"golang.org/x/sys/unix"
)

// diskOf returns the size of a file's file system, in bytes, and how much of it
// Caddy may still write; zeros where that is not known.
func diskOf(file string) (size, free int64) {
	var fs unix.Statfs_t
	dir := filepath.Dir(file)
	for unix.Statfs(dir, &fs) != nil { // it is made with the first event
		parent := filepath.Dir(dir)
		if parent == dir {
			return 0, 0
		}
		dir = parent
	}
	return int64(fs.Blocks) * int64(fs.Bsize), int64(fs.Bavail) * int64(fs.Bsize)
}
