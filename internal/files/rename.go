package files

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
	"time"
)

// maxAhead is how far a name may be in the future: that much, names go on
// from earlier ones when the clock is set back.
const maxAhead = time.Hour

// reservedFor is how long a reserved name may be used: well before it counts as
// left over, when it may be removed, and then taken by somebody else.
const reservedFor = temporaryFor / 2

// Namer gives files the names of rotated ones.
type Namer struct {
	last time.Time // in the name that was given last
}

// Rename gives the file named from the name of one that was rotated at t from
// path, or at the next millisecond that is free and comes after those given before:
// a name that has become free again, or one from before the clock was set back,
// would make the file older than it is. So the times in the names of all files that
// there are tell in which order they were written, even if the clock was days ahead
// until just now; the keeper sets such names right, and keeps the order. It replaces
// nothing, and renames no link.
func (n *Namer) Rename(fsys FS, from, path string, t time.Time) (name string, err error) {
	next := n.last.Add(time.Millisecond)
	if !next.Before(t.Add(maxAhead)) {
		next = t // what was named so has been set right by now, or is among those listed
	}
	rotated, _, _ := List(fsys, path) // without them, names go on from t
	for _, file := range rotated {
		if !file.At.Before(next) {
			next = file.At.Add(time.Millisecond)
		}
	}
	if t.Before(next) {
		t = next
	}
	for range 1000 {
		name = RotatedName(path, t)
		if err = renameNew(fsys, from, name); err == nil {
			n.last = t
			return name, nil
		}
		if errors.Is(err, syscall.EBUSY) {
			return "", fmt.Errorf("%w: if it is mounted by itself, mount its directory instead", err)
		}
		if !errors.Is(err, fs.ErrExist) {
			return "", err
		}
		t = t.Add(time.Millisecond)
	}
	return "", err
}

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
	began := fsys.Now()
	reserved, err := fsys.Create(newName, 0o600)
	if err != nil {
		return err
	}
	info, err := reserved.Stat()
	_ = reserved.Close()
	if err == nil {
		err = checkNoLink(fsys, oldName)
	}
	if err == nil && !isReserved(fsys, began) { // nothing comes between this and the renaming
		return &os.LinkError{Op: "rename", Old: oldName, New: newName, Err: errors.New("took too long")}
	}
	if err == nil {
		err = fsys.Rename(oldName, newName)
	}
	if err != nil && info != nil {
		current, statErr := fsys.Stat(newName)
		if statErr == nil && os.SameFile(current, info) && current.Size() == 0 && isReserved(fsys, began) {
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

func isReserved(fsys FS, since time.Time) bool { return fsys.Now().Sub(since).Abs() < reservedFor }
