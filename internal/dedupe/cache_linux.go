package dedupe

import (
	"os"

	"golang.org/x/sys/unix"
)

// uncached is how much of a file's end, in bytes, is read from the disk itself.
const uncached = 64 << 20

// dropCache has a file's end read from the disk: after an fsync that failed, the system's
// cache may have what the disk has not, and the next fsync succeed. Where the
// process was killed before the file was set aside, nothing else tells.
func dropCache(f *os.File, size int64) {
	_ = unix.Fadvise(int(f.Fd()), max(0, size-uncached), 0, unix.FADV_DONTNEED)
}
