package reader

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/files"
)

// Absolute makes a path absolute and without symbolic links, as the receiver does.
// The file itself may be missing, or renamed meanwhile.
func Absolute(path string) string {
	if resolved, err := files.Resolve(path); err == nil {
		return resolved
	}
	return filepath.Clean(path)
}

// JournalOf returns the path of the journal that a file is of, and when it was
// rotated: never, so far, if its name is not that of a rotated file.
func JournalOf(name string) (path string, rotated time.Time) {
	name = filepath.Clean(name)
	if n, ok := files.Parse(name); ok && !n.Temporary {
		return n.Path, n.At
	}
	return name, NeverRotated
}

// NeverRotated is after every time at which a file can have been rotated.
var NeverRotated = time.Unix(1<<40, 0)

// OpenFile opens a file. A rotated one may have been compressed since its name
// was found out.
func OpenFile(path string) (*os.File, error) {
	f, err := os.Open(path)
	if _, at := JournalOf(path); at == NeverRotated {
		return f, err
	}
	for _, suffix := range files.Endings {
		if errors.Is(err, fs.ErrNotExist) {
			if g, otherErr := os.Open(path + suffix); otherErr == nil {
				return g, nil
			}
		}
	}
	return f, err
}

// Distinct leaves out what holds the same as another file: while the receiver
// compresses a rotated file, there is that, a temporary one, and for a moment
// the compressed one as well. The original has the shortest name.
func Distinct(paths []string) (chosen []string) {
	places := make(map[string]int)
	for _, path := range paths {
		file := Absolute(path)
		n, ok := files.Parse(file)
		if temporary, isTemporary := strings.CutSuffix(file, ".tmp"); isTemporary && !ok { // another program's
			n, ok = files.Parse(strings.TrimSuffix(temporary, filepath.Ext(temporary)))
		}
		if ok { // the same for all forms of it
			file = files.RotatedName(n.Path, n.At)
		}
		if i, ok := places[file]; !ok {
			places[file] = len(chosen)
			chosen = append(chosen, path)
		} else if len(filepath.Base(path)) < len(filepath.Base(chosen[i])) {
			chosen[i] = path
		}
	}
	return chosen
}
