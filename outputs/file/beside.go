package file

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// CheckBeside returns an error unless files can be made beside this one, under its name with each
// of the endings, or written where they are there. It makes none.
func (o *Output) CheckBeside(endings []string) error {
	dir := nearestDir(o.path)
	if err := mayWrite(dir); err != nil {
		return withRemedy(o.path, &fs.PathError{Op: "access", Path: dir, Err: err})
	}
	for _, ending := range endings {
		name := filepath.Join(dir, filepath.Base(o.path)+ending)
		switch info, err := os.Lstat(name); {
		case errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrPermission):
		case err != nil:
			return fmt.Errorf("filename %q: is too long with what is added to it: choose a shorter one: %w", o.path, err)
		case !info.Mode().IsRegular():
			return fmt.Errorf("%s is not a regular file (%s): move it away", name, info.Mode())
		default:
			f, err := os.OpenFile(name, os.O_RDWR, 0)
			if err != nil {
				return fmt.Errorf("%w: its mode is %s, and Caddy runs as %s, which must be let read and write it", err, info.Mode(), currentUser())
			}
			_ = f.Close()
		}
	}
	return nil
}
