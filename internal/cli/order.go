package cli

import (
	"errors"
	"io"
	"os"
	"slices"
	"time"
)

// part is a file, as long as it was when it was opened.
type part struct {
	*os.File
	size  int64
	first time.Time // of the first event, zero if there is none
}

// openInOrder opens all files before any is read, as they may be renamed
// meanwhile, and puts them in the order of their first events.
func openInOrder(paths []string) (files []part, err error) {
	defer func() {
		if err != nil {
			closeAll(files)
		}
	}()
	for _, path := range paths {
		f, err := os.Open(path)
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
		files[len(files)-1] = part{f, info.Size(), first}
	}
	slices.SortStableFunc(files, func(a, b part) int { return a.first.Compare(b.first) })
	return files, nil
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
