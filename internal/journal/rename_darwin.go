package journal

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// rename renames without replacing. File systems that cannot do so in one step
// get a hard link and a removal.
func rename(oldName, newName string) error {
	err := unix.RenamexNp(oldName, newName, unix.RENAME_EXCL)
	if errors.Is(err, unix.ENOTSUP) {
		return linkAndRemove(oldName, newName)
	}
	if err != nil {
		return &os.LinkError{Op: "rename", Old: oldName, New: newName, Err: err}
	}
	return nil
}
