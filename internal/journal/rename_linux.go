package journal

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// rename renames without replacing. File systems that cannot do so in one step
// (an old NFS, some FUSE ones) get a hard link and a removal.
func rename(oldName, newName string) error {
	err := unix.Renameat2(unix.AT_FDCWD, oldName, unix.AT_FDCWD, newName, unix.RENAME_NOREPLACE)
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSYS) {
		return linkAndRemove(oldName, newName)
	}
	if err != nil {
		return &os.LinkError{Op: "rename", Old: oldName, New: newName, Err: err}
	}
	return nil
}
