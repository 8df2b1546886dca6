package deliver

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/files"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/lock"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/reader"
)

// What is added to the name of the receiver's file, after the receiver's name and the delivery's.
const (
	cursorEnding = reader.CursorEnding
	lockEnding   = reader.CursorEnding + lock.Ending
)

// FilesBeside returns what is added to the name of a receiver's file for the files of a delivery,
// the names that are temporary, or made after a fault, included.
func FilesBeside(receiver, name string) []string {
	base, dead := "."+receiver+"."+name, "."+name+reader.DeadEnding
	return []string{
		base + cursorEnding, base + lockEnding, base + cursorEnding + ".tmp", base + cursorEnding + ".damaged",
		base + reader.RetryEnding, dead, dead + lock.Ending, dead + ".tmp",
	}
}

// makeDir makes a directory and its missing parents, each durably before the next.
func makeDir(dir string, mode fs.FileMode) error {
	if info, err := os.Stat(dir); err == nil && info.IsDir() {
		return nil
	}
	parent := filepath.Dir(dir)
	if parent == dir {
		return &fs.PathError{Op: "mkdir", Path: dir, Err: fs.ErrNotExist}
	}
	if err := makeDir(parent, mode); err != nil {
		return err
	}
	if err := (files.OS{}).Mkdir(dir, mode); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return files.OS{}.SyncDir(parent)
}
