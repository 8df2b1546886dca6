package cli

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/files"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/reader"
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
func (p *part) lines() (*reader.Lines, error) {
	if _, err := p.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	return reader.New(p.File, io.LimitReader(p.File, p.info.Size()))
}

// unsent reads the file from the place up to which it was sent.
func (p *part) unsent() (*reader.Lines, error) {
	lines, err := p.lines()
	if err != nil || p.cursor == nil {
		return lines, err
	}
	ok, err := lines.StartsWith(p.cursor.Place)
	if err == nil && !ok {
		err = fmt.Errorf("%s: was changed while it was read", p.Name())
	}
	if err != nil {
		lines.Release()
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
	for _, path := range reader.Distinct(paths) {
		f, err := reader.OpenFile(path)
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
	p.path = reader.Absolute(p.Name())
	p.journal, p.rotated = reader.JournalOf(p.path)
	lines, err := p.lines()
	if err != nil {
		return err
	}
	defer lines.Release()
	p.compressed = lines.Compressed()
	err = lines.Each(func(l reader.Line) error {
		kind, e, _ := reader.Parse(l)
		if kind != reader.Stored {
			return nil
		}
		p.first = e.Time
		return errFound
	})
	if errors.Is(err, errFound) {
		return nil
	}
	return err
}

var errFound = errors.New("found")

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
		if f.rotated != reader.NeverRotated {
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
