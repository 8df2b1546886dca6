package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/journal"
)

// part is a file, as long as it was when it was opened.
type part struct {
	*os.File
	info  os.FileInfo // from when it was opened
	first time.Time   // of the first event, zero if there is none

	journal string // the path of the journal that it is of
	rotated time.Time
}

// openInOrder opens all files before any is read, as they may be renamed
// meanwhile, and puts them in order.
func openInOrder(paths []string) (files []part, err error) {
	defer func() {
		if err != nil {
			closeAll(files)
		}
	}()
	for _, path := range distinct(paths) {
		f, err := openFile(path)
		if err != nil {
			return files, err
		}
		files = append(files, part{File: f})
		info, err := f.Stat()
		if err != nil {
			return files, err
		}
		first, err := firstTime(f)
		if err != nil {
			return files, err
		}
		name, rotated := journalOf(f.Name())
		files[len(files)-1] = part{f, info, first, name, rotated}
	}
	sortFiles(files)
	return files, nil
}

// sortFiles puts the files of a journal in the order in which they were
// written, which their names tell: events that come at the same time need not be
// stored in the order of their times. Several journals, and files whose names
// tell nothing, come in the order of their first events.
func sortFiles(files []part) {
	slices.SortStableFunc(files, func(a, b part) int { return a.rotated.Compare(b.rotated) })
	begins := make(map[string]time.Time)
	for _, f := range files {
		if _, ok := begins[f.journal]; !ok {
			begins[f.journal] = f.first
		}
	}
	slices.SortStableFunc(files, func(a, b part) int {
		if c := begins[a.journal].Compare(begins[b.journal]); c != 0 {
			return c
		}
		return strings.Compare(a.journal, b.journal)
	})
}

// journalOf returns the path of the journal that a file is of, and when it was
// rotated: never, so far, if its name is not that of a rotated file.
func journalOf(name string) (path string, rotated time.Time) {
	name = filepath.Clean(name)
	plain := name
	for _, c := range []journal.Compression{journal.Gzip, journal.Zstd} {
		plain = strings.TrimSuffix(plain, string(c))
	}
	for _, ext := range []string{filepath.Ext(plain), ""} {
		stem := strings.TrimSuffix(plain, ext)
		if n := len(stem) - len("-2006-01-02T15-04-05.000"); n > 0 {
			if at, ok := journal.RotatedAt(stem[:n]+ext, plain); ok {
				return stem[:n] + ext, at
			}
		}
	}
	return name, neverRotated
}

var neverRotated = time.Unix(1<<40, 0)

// openFile opens a file. A rotated one may have been compressed since its name
// was found out.
func openFile(path string) (*os.File, error) {
	f, err := os.Open(path)
	if _, at := journalOf(path); at == neverRotated {
		return f, err
	}
	for _, c := range []journal.Compression{journal.Gzip, journal.Zstd} {
		if errors.Is(err, fs.ErrNotExist) {
			if g, otherErr := os.Open(path + string(c)); otherErr == nil {
				return g, nil
			}
		}
	}
	return f, err
}

// distinct leaves out what holds the same as another file: while the receiver
// compresses a rotated file, there is that, a temporary one, and for a moment
// the compressed one as well. The original has the shortest name.
func distinct(paths []string) []string {
	chosen := make(map[string]string)
	for _, path := range paths {
		if old, ok := chosen[identity(path)]; !ok || len(path) < len(old) {
			chosen[identity(path)] = path
		}
	}
	return slices.DeleteFunc(slices.Clone(paths), func(path string) bool { return chosen[identity(path)] != path })
}

// identity is the same for all forms of a rotated file.
func identity(path string) string {
	original, temporary := strings.CutSuffix(path, journal.Temporary)
	if temporary { // the name has a number, too
		original = strings.TrimSuffix(original, filepath.Ext(original))
	}
	name, at := journalOf(original)
	if at == neverRotated {
		return filepath.Clean(path)
	}
	return name + at.String()
}

func closeAll(files []part) {
	for _, f := range files {
		_ = f.Close()
	}
}

// firstTime returns the time of a file's first event, zero if there is none.
// It leaves the file at its beginning.
func firstTime(f *os.File) (at time.Time, err error) {
	lines, err := newLineReader(f, f)
	if err != nil {
		return at, err
	}
	defer lines.release()
	for last := false; !last; {
		l, err := lines.next()
		if last = errors.Is(err, io.EOF); last {
			l = lines.rest()
		} else if err != nil {
			return at, err
		}
		if kind, e, _ := parse(l); kind == stored {
			at = e.time
			break
		}
	}
	_, err = f.Seek(0, io.SeekStart)
	return at, err
}

// checkComplete makes sure, for a replay that remembers where it was, that no
// rotated file is missing among those of one journal: one that was rotated after
// the shell had listed the files, and before they were opened, would be passed
// over for ever.
func checkComplete(files []part) error {
	for _, f := range files {
		path, err := filepath.Abs(f.Name())
		if err != nil {
			return err
		}
		siblings, err := rotatedFiles(path)
		if err != nil {
			return err
		}
		given := make(map[time.Time]bool)
		for _, other := range files {
			if name, err := filepath.Abs(other.Name()); err == nil {
				if at, ok := journal.RotatedAt(path, name); ok {
					given[at] = true
				}
			}
		}
		begun := false // with the oldest one that is given
		for _, at := range inOrder(siblings) {
			info, err := os.Stat(siblings[at][0])
			if err == nil && os.SameFile(info, f.info) {
				break // it was rotated since, and so what comes now is newer
			}
			if begun && !given[at] && err == nil && info.Size() > 0 {
				return fmt.Errorf("%s belongs between the files that are given; if it was rotated just now, run the command again", siblings[at][0])
			}
			begun = begun || given[at]
		}
	}
	return nil
}
