package cli

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/files"
)

// part is a file, as long as it was when it was opened.
type part struct {
	*os.File
	info       os.FileInfo // from when it was opened
	compressed bool
	first      time.Time // of the first event, zero if there is none

	path    string // absolute, without symbolic links
	journal string // the path of the journal that it is of
	rotated time.Time

	// With a state:
	cursor   *cursor
	atEnd    bool // no line comes after that
	complete bool // nothing can be appended
}

// lines reads the file from its beginning.
func (p *part) lines() (*lineReader, error) {
	if _, err := p.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	return newLineReader(p.File, io.LimitReader(p.File, p.info.Size()))
}

// unsent reads the file from the place up to which it was sent.
func (p *part) unsent() (*lineReader, error) {
	lines, err := p.lines()
	if err != nil || p.cursor == nil {
		return lines, err
	}
	ok, err := lines.startsWith(p.cursor.place)
	if err == nil && !ok {
		err = fmt.Errorf("%s: was changed while it was read", p.Name())
	}
	if err != nil {
		lines.release()
		return nil, err
	}
	return lines, nil
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
		p := &files[len(files)-1]
		if p.info, err = f.Stat(); err != nil {
			return files, err
		}
		if slices.ContainsFunc(files[:len(files)-1], func(other part) bool { return os.SameFile(other.info, p.info) }) {
			files = files[:len(files)-1] // by another name
			_ = f.Close()
			continue
		}
		if err := p.learnOrder(); err != nil {
			return files, err
		}
	}
	sortFiles(files)
	return files, nil
}

// learnOrder learns what the order depends on.
func (p *part) learnOrder() error {
	p.path = resolve(p.Name())
	p.journal, p.rotated = journalOf(p.path)
	lines, err := p.lines()
	if err != nil {
		return err
	}
	defer lines.release()
	p.compressed = lines.compressed
	err = lines.each(func(l line) error {
		kind, e, _ := parse(l)
		if kind != stored {
			return nil
		}
		p.first = e.time
		return errFound
	})
	if errors.Is(err, errFound) {
		return nil
	}
	return err
}

var errFound = errors.New("found")

// resolve makes a path absolute and without symbolic links, as the receiver does.
// The file itself may be missing, or renamed meanwhile.
func resolve(path string) string {
	if resolved, err := files.Resolve(path); err == nil {
		return resolved
	}
	return filepath.Clean(path)
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
		return cmp.Or(begins[a.journal].Compare(begins[b.journal]), strings.Compare(a.journal, b.journal))
	})
}

// journalOf returns the path of the journal that a file is of, and when it was
// rotated: never, so far, if its name is not that of a rotated file.
func journalOf(name string) (path string, rotated time.Time) {
	name = filepath.Clean(name)
	if n, ok := files.Parse(name); ok && !n.Temporary {
		return n.Path, n.At
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
	for _, suffix := range files.Endings {
		if errors.Is(err, fs.ErrNotExist) {
			if g, otherErr := os.Open(path + suffix); otherErr == nil {
				return g, nil
			}
		}
	}
	return f, err
}

// distinct leaves out what holds the same as another file: while the receiver
// compresses a rotated file, there is that, a temporary one, and for a moment
// the compressed one as well. The original has the shortest name.
func distinct(paths []string) (chosen []string) {
	places := make(map[string]int)
	for _, path := range paths {
		file := resolve(path)
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

func closeAll(files []part) {
	for _, f := range files {
		_ = f.Close()
	}
}

// checkComplete makes sure, for a replay that remembers what it sent, that no
// rotated file is missing among those of one journal: one that was rotated after
// the shell had listed the files, and before they were opened, would be sent
// after newer ones.
func checkComplete(parts []part) error {
	given := make(map[string]map[time.Time]bool)
	for _, f := range parts {
		if given[f.journal] == nil {
			given[f.journal] = make(map[time.Time]bool)
		}
		given[f.journal][f.rotated] = true
	}
	for _, f := range parts {
		if f.rotated != neverRotated {
			continue
		}
		siblings, _, err := files.List(files.OS{}, f.path)
		if err != nil {
			return err
		}
		begun := false // with the oldest one that is given
		for _, sibling := range siblings {
			info, err := os.Stat(sibling.Forms[0])
			if err == nil && os.SameFile(info, f.info) {
				break // it was rotated since, and so what comes now is newer
			}
			if begun && !given[f.path][sibling.At] && err == nil && info.Size() > 0 {
				return fmt.Errorf("%s belongs between the files that are given; if it was rotated just now, run the command again", sibling.Forms[0])
			}
			begun = begun || given[f.path][sibling.At]
		}
	}
	return nil
}
