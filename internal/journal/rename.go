package journal

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"
)

// reservedFor is how long a reserved name may be used: well before it counts as
// left over, when it may be removed, and then taken by somebody else.
const reservedFor = temporaryFor / 2

var errReservation = errors.New("took too long")

// renameNew renames a file, and fails with fs.ErrExist if the new name is taken:
// what is renamed holds events, and so may what would be replaced.
//
// Where the file system cannot do it as one, the new name is reserved by an empty
// file, which is then replaced. Nobody else replaces or removes it, unless this
// process stands still between two system calls until the name is left over.
//
// A symbolic link is not renamed: it is not the file.
func renameNew(fsys FS, oldName, newName string) error {
	err := checkNoLink(fsys, oldName)
	if err == nil {
		err = fsys.RenameNew(oldName, newName)
	}
	if !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	began := wallClock()
	reserved, err := fsys.Create(newName, 0o600)
	if err != nil {
		return err
	}
	info, err := reserved.Stat()
	_ = reserved.Close()
	if err == nil {
		err = checkNoLink(fsys, oldName)
	}
	if err == nil && !isReserved(began) { // nothing comes between this and the renaming
		return &os.LinkError{Op: "rename", Old: oldName, New: newName, Err: errReservation}
	}
	if err == nil {
		err = fsys.Rename(oldName, newName)
	}
	if err != nil && info != nil {
		current, statErr := fsys.Stat(newName)
		if statErr == nil && os.SameFile(current, info) && current.Size() == 0 && isReserved(began) {
			_ = fsys.Remove(newName)
		}
	}
	return err
}

func checkNoLink(fsys FS, name string) error {
	if isLink(fsys, name) {
		return fmt.Errorf("%s: somebody has just put a symbolic link there", name)
	}
	return nil
}

// wallClock goes on while the machine is suspended. Tests set it.
var wallClock = func() time.Time { return time.Now().Round(0) }

func isReserved(since time.Time) bool { return wallClock().Sub(since).Abs() < reservedFor }

// isAside tells whether a file was set aside after a failed fsync: it is read-only.
func isAside(info fs.FileInfo) bool { return info.Mode().Perm()&0o222 == 0 }
