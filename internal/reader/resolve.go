package reader

import (
	"bytes"
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

// File is a file of a journal.
type File struct {
	Path    string    // its name, as it was given, or beside the one that was
	Rotated time.Time // NeverRotated for the live one, and where the name tells nothing
	Size    int64     // when it was found

	live  *os.File // opened before the rotated ones were looked for; nil for those
	named bool     // it was given, not found
}

// Journal is the files of one journal, in the order in which they were written.
type Journal struct {
	Path  string // of the live file, which may be missing: absolute, without symbolic links
	Files []*File
}

// Journals are those that somebody asks for.
type Journals []*Journal

// deadEnding is that of the names of files with dead letters.
const deadEnding = ".dead.jsonl"

// Resolve finds the files that are meant by what a command was given: a file, to
// which those belong that were rotated of it, compressed or not; or a directory,
// which stands for every journal in it, except for dead letters. No file is there
// twice, whatever it was called. The error is about what could not be found, one
// for each argument (errors.Join), beside the rest. Close gives back what was found.
func Resolve(args []string) (Journals, error) {
	f := finder{known: make(map[string]*Journal), files: make(map[string]*File)}
	var errs []error
	for _, arg := range args {
		errs = append(errs, f.add(arg))
	}
	for _, j := range f.journals {
		slices.SortStableFunc(j.Files, func(a, b *File) int { return a.Rotated.Compare(b.Rotated) })
	}
	return f.journals, errors.Join(errs...)
}

// Close closes files.
func (all Journals) Close() {
	for _, j := range all {
		for _, f := range j.Files {
			if f.live != nil {
				_ = f.live.Close()
			}
		}
	}
}

// Paths are the names of all files, journal by journal.
func (all Journals) Paths() (paths []string) {
	for _, j := range all {
		for _, f := range j.Files {
			paths = append(paths, f.Path)
		}
	}
	return paths
}

// Files are all files, journal by journal.
func (all Journals) Files() (list []*File) {
	for _, j := range all {
		list = append(list, j.Files...)
	}
	return list
}

// Lines reads a file from its beginning, also what is still to come. It must be
// closed; a live file stays open until its journal is closed.
func (f *File) Lines() (*Lines, error) {
	if f.live == nil {
		return Open(f.Path)
	}
	if _, err := f.live.Seek(0, io.SeekStart); err != nil && f.isRegular() {
		return nil, err
	}
	l, err := New(f.live, f.live)
	if err == nil {
		l.isBorrowed = true
	}
	return l, err
}

func (f *File) isRegular() bool {
	info, err := f.live.Stat()
	return err == nil && info.Mode().IsRegular()
}

// finder finds files.
type finder struct {
	journals Journals
	known    map[string]*Journal // by their paths
	files    map[string]*File    // by their paths, without symbolic links, and the endings of rotated ones
	infos    []fs.FileInfo       // of those that are live, or named
}

func (f *finder) journal(path string) *Journal {
	if f.known[path] == nil {
		f.known[path] = &Journal{Path: path}
		f.journals = append(f.journals, f.known[path])
	}
	return f.known[path]
}

func (f *finder) add(arg string) error {
	info, err := os.Stat(arg)
	if err == nil && info.IsDir() {
		return f.addDirectory(arg)
	}
	path := Absolute(arg)
	if _, at := JournalOf(path); at != NeverRotated || isTemporary(path) {
		return f.addRotated(arg, true)
	}
	return f.addLive(arg, path)
}

// addLive adds a file that goes by that name, and those that were rotated of it.
// It is opened first: one that is rotated meanwhile is found as the same.
func (f *finder) addLive(arg, path string) error {
	if f.files[path] != nil {
		return nil
	}
	file := &File{Path: arg, Rotated: NeverRotated, named: true}
	var err error
	if file.live, err = os.Open(arg); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	var info fs.FileInfo
	if file.live != nil {
		var infoErr error
		if info, infoErr = file.live.Stat(); infoErr != nil {
			_ = file.live.Close()
			return infoErr
		}
		if slices.ContainsFunc(f.infos, func(other fs.FileInfo) bool { return os.SameFile(other, info) }) {
			_ = file.live.Close() // by another name
			return nil
		}
		file.Size = info.Size()
		f.infos = append(f.infos, info)
		f.files[path] = file
	}
	j := f.journal(path)
	if info == nil || info.Mode().IsRegular() {
		if listErr := f.addRotatedOf(arg, path, info); listErr != nil && err == nil {
			err = listErr
		}
	}
	if file.live != nil {
		j.Files = append(j.Files, file)
		return err
	}
	if len(j.Files) > 0 {
		return nil // its next event makes the live one
	}
	return err
}

// addRotatedOf adds the rotated files of a live one, which is none of them.
func (f *finder) addRotatedOf(arg, path string, live fs.FileInfo) error {
	beside := filepath.Clean(arg)
	if info, err := os.Lstat(arg); err == nil && info.Mode()&fs.ModeSymlink != 0 {
		beside = path
	}
	rotated, _, err := files.List(files.OS{}, beside)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, r := range rotated {
		for i, form := range r.Forms {
			info, err := os.Stat(form)
			if err != nil || !info.Mode().IsRegular() || info.Size() == 0 && i < len(r.Forms)-1 { // that only keeps the name
				continue
			}
			if live == nil || !os.SameFile(info, live) {
				if err := f.addRotated(form, false); err != nil {
					return err
				}
			}
			break
		}
	}
	return nil
}

// addRotated adds a rotated file. It may have been compressed since it was named.
func (f *finder) addRotated(arg string, named bool) error {
	path := Absolute(arg)
	key, at := path, NeverRotated
	if n, ok := rotatedName(path); ok {
		key, at = files.RotatedName(n.Path, n.At), n.At
		path = n.Path
	}
	if known := f.files[key]; known != nil {
		if len(filepath.Base(arg)) < len(filepath.Base(known.Path)) { // the original has the shortest name
			known.Path = arg
		}
		known.named = known.named || named
		return nil
	}
	file, err := OpenFile(arg)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if named {
		if slices.ContainsFunc(f.infos, func(other fs.FileInfo) bool { return os.SameFile(other, info) }) {
			return nil
		}
		f.infos = append(f.infos, info)
	}
	f.files[key] = &File{Path: file.Name(), Rotated: at, Size: info.Size(), named: named}
	j := f.journal(path)
	j.Files = append(j.Files, f.files[key])
	return nil
}

// addDirectory adds every journal in a directory.
func (f *finder) addDirectory(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	var errs []error
	found := false
	for _, entry := range entries {
		path := filepath.Join(dir, entry.Name())
		n, isRotated := files.Parse(path)
		live := path
		if isRotated {
			live = n.Path
		}
		if isRotated && n.Temporary || isDead(live) {
			continue
		}
		if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
			continue
		}
		switch {
		case isRotated:
			err = f.addRotated(path, false)
			if errors.Is(err, fs.ErrNotExist) { // removed meanwhile
				err = nil
			}
		case hasEvents(path):
			err = f.addLive(path, Absolute(path))
		default:
			continue
		}
		found = true
		errs = append(errs, err)
	}
	if !found {
		return fmt.Errorf("%s: there are no events in this directory", dir)
	}
	return errors.Join(errs...)
}

func isDead(path string) bool {
	for _, ending := range files.Endings {
		if strings.HasSuffix(path, deadEnding+ending) {
			return true
		}
	}
	return false
}

// hasEvents tells whether a file that was not named is one of events: its name says
// so, or there is one among what it begins with.
func hasEvents(path string) bool {
	for _, ending := range files.Endings {
		if strings.HasSuffix(path, ".jsonl"+ending) {
			return true
		}
	}
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer func() { _ = f.Close() }()
	const enough = 1 << 20
	lines, err := New(f, io.LimitReader(f, enough))
	if err != nil {
		return false
	}
	defer lines.Release()
	lines.limit = enough
	for range 10 {
		l, err := lines.Next()
		if err != nil {
			l = lines.Rest()
		}
		if kind, _, _ := Parse(l); kind == Stored || (l.Long || err != nil) && bytes.HasPrefix(l.Text, []byte(`{"specversion":"1.0",`)) {
			return true
		}
		if err != nil || l.Long {
			return false
		}
	}
	return false
}

// rotatedName is files.Parse, also of the names under which other programs
// compress such files.
func rotatedName(path string) (n files.Name, ok bool) {
	n, ok = files.Parse(path)
	if temporary, isTemporary := strings.CutSuffix(path, ".tmp"); isTemporary && !ok {
		n, ok = files.Parse(strings.TrimSuffix(temporary, filepath.Ext(temporary)))
	}
	return n, ok
}

func isTemporary(path string) bool {
	_, ok := rotatedName(path)
	return ok
}
