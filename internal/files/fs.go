// Package files knows what is beside the file that a journal has open: the names of
// rotated files, how long they are kept, how they are compressed, and renaming that
// replaces nothing.
package files

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"runtime"
	"syscall"
	"time"
)

// FS is what a journal, and what keeps its rotated files, need of a file system. The errors are those of package
// os; the FileInfos must be such that os.SameFile can compare them.
type FS interface {
	// Open opens an existing file for reading and appending.
	Open(name string) (File, error)
	// Create creates a file for reading and appending, which must not exist,
	// with exactly that mode, whatever the umask.
	Create(name string, mode fs.FileMode) (File, error)
	Stat(name string) (fs.FileInfo, error)
	// Lstat is Stat that does not follow a symbolic link.
	Lstat(name string) (fs.FileInfo, error)
	// Resolve is the function of that name.
	Resolve(name string) (string, error)
	// ReadDir returns the names in a directory, in any order.
	ReadDir(name string) ([]string, error)
	// Mkdir makes a directory with exactly that mode, whatever the umask.
	Mkdir(name string, mode fs.FileMode) error
	// Rename replaces newName if it exists.
	Rename(oldName, newName string) error
	// RenameNew fails with fs.ErrExist if newName exists, and with
	// errors.ErrUnsupported where the file system cannot tell that as one with
	// the renaming.
	RenameNew(oldName, newName string) error
	Remove(name string) error
	Chmod(name string, mode fs.FileMode) error
	// SyncDir makes the entries of a directory durable.
	SyncDir(name string) error
	// Now is the time by a clock that goes on while the machine is suspended.
	Now() time.Time
}

// File is what they need of an open file. Write appends to the file's
// end, wherever that is by then, and leaves the offset behind what it wrote.
type File interface {
	io.WriteSeeker
	io.ReaderAt
	io.Closer
	Stat() (fs.FileInfo, error)
	Sync() error
}

// OS is the machine's file system.
type OS struct{}

func (OS) Open(name string) (File, error) { return open(name, 0, 0) }

func (OS) Create(name string, mode fs.FileMode) (File, error) {
	f, err := open(name, os.O_CREATE|os.O_EXCL, mode)
	if err == nil {
		chmod(name, mode)
	}
	return f, err
}

func open(name string, flag int, mode fs.FileMode) (File, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_APPEND|flag, mode)
	if err != nil {
		return nil, err // and not a File that is a nil *os.File
	}
	return f, nil
}

func (OS) Stat(name string) (fs.FileInfo, error)  { return os.Stat(name) }
func (OS) Lstat(name string) (fs.FileInfo, error) { return os.Lstat(name) }
func (OS) Resolve(name string) (string, error)    { return Resolve(name) }

func (OS) ReadDir(name string) ([]string, error) {
	d, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = d.Close() }()
	return d.Readdirnames(-1)
}

func (OS) Mkdir(name string, mode fs.FileMode) error {
	if err := os.Mkdir(name, mode); err != nil {
		return err
	}
	chmod(name, mode)
	return nil
}

// chmod gives back what the umask took. Where the file system has no
// permissions to change, those that it gave have to do.
func chmod(name string, mode fs.FileMode) {
	if info, err := os.Stat(name); err == nil && info.Mode().Perm() != mode {
		_ = os.Chmod(name, info.Mode()&^fs.ModePerm|mode)
	}
}

func (OS) Rename(oldName, newName string) error      { return os.Rename(oldName, newName) }
func (OS) RenameNew(oldName, newName string) error   { return renameNoReplace(oldName, newName) }
func (OS) Chmod(name string, mode fs.FileMode) error { return os.Chmod(name, mode) }
func (OS) Remove(name string) error                  { return os.Remove(name) }

// SyncDir does nothing on Windows, which has no fsync for directories: NTFS
// journals its entries by itself.
func (OS) SyncDir(name string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(name)
	if err != nil {
		return err
	}
	defer func() { _ = d.Close() }()
	err = d.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, errors.ErrUnsupported) {
		return nil // the file system has no such thing
	}
	return err
}

func (OS) Now() time.Time { return time.Now().Round(0) }
