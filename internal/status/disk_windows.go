package status

import (
	"path/filepath"

	"golang.org/x/sys/windows"
)

// diskOf returns the size of a file's volume, in bytes, and how much of it Caddy
// may still write; zeros where that is not known.
func diskOf(file string) (size, free int64) {
	for dir := filepath.Dir(file); ; {
		name, err := windows.UTF16PtrFromString(dir)
		if err != nil {
			return 0, 0
		}
		var total, available uint64
		if windows.GetDiskFreeSpaceEx(name, &available, &total, nil) == nil {
			return int64(total), int64(available)
		}
		parent := filepath.Dir(dir) // the directory is made with the first event
		if parent == dir {
			return 0, 0
		}
		dir = parent
	}
}
