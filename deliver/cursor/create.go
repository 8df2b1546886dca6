package cursor

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/files"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/lock"
)

const (
	// temporaryEnding is that of a cursor's name until it is whole.
	temporaryEnding = ".tmp"

	// othersFor is for how long another process may be making the same one.
	othersFor = 10 * time.Second
)

// Exists tells whether there is a cursor, durably.
func Exists(path string) (bool, error) {
	_, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err == nil {
		err = syncEntry(path)
	}
	return err == nil, err
}

// Create makes a cursor that holds the record, durably. Nothing is there under that name
// until it is whole, and what is there is not replaced: then the error is fs.ErrExist.
//
// Whoever makes one has its temporary file locked until it has the name, and finds out before whether that
// is taken. So no link or special renaming is needed, which not every file system has; and what a crash
// leaves is used by the next.
func Create(path string, mode fs.FileMode, r *Record) (*Cursor, error) {
	own, err := files.Follow(files.OS{}, path)
	if err != nil {
		return nil, err
	}
	temporary, err := lock.Wait(own+temporaryEnding, othersFor)
	if errors.Is(err, lock.ErrLocked) {
		err = fmt.Errorf("%s: %w", own+temporaryEnding, err)
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = temporary.Close() }()
	exists, err := Exists(own)
	if err == nil && exists {
		err = fmt.Errorf("%s: %w", path, fs.ErrExist)
	}
	if err == nil {
		err = fill(temporary, mode, r)
	}
	if runtime.GOOS == "windows" { // which renames and removes no open file
		_ = temporary.Close()
	}
	if err == nil {
		err = os.Rename(temporary.Name(), own)
	}
	if err != nil {
		_ = os.Remove(temporary.Name())
		return nil, err
	}
	c, _, err := Open(path) // which fsyncs the directory
	return c, err
}

// fill writes both slots, so that there is no block of the file that is not allocated, and
// one slot can be lost from the beginning on.
func fill(f *os.File, mode fs.FileMode, r *Record) error {
	if err := f.Truncate(0); err != nil { // what a crash has left
		return err
	}
	_ = f.Chmod(mode) // where there are no permissions, those that it has must do
	content := make([]byte, 2*slotSize)
	c := &Cursor{path: f.Name()}
	for number := range uint64(2) {
		slot, err := c.encode(r, number)
		if err != nil {
			return err
		}
		copy(content[offsetOf(number):], slot)
	}
	if _, err := f.WriteAt(content, 0); err != nil {
		return err
	}
	return f.Sync()
}
