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

// Resolve finds the files that are meant by what a command was given: a file, to
// which those belong that were rotated of it, compressed or not; or a directory,
// which stands for every journal in it, except for the files of deliveries. No file is there
// twice, whatever it was called. The error is about what could not be found, one
// for each argument (errors.Join), beside the rest. Close gives back what was found.
func Resolve(args []string) (Journals, error) {
	f := finder{known: make(map[string]*Journal), lives: make(map[string]bool), files: make(map[string]*File)}
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
	lives    map[string]bool     // those that were looked for
	files    map[string]*File    // rotated ones, by their paths, without symbolic links and endings
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
func (f *finder) addLive(arg, path string) error {
	if f.lives[path] {
		return nil
	}
	f.lives[path] = true
	live, rotated, err := openLive(arg, path)
	if err != nil && (len(rotated) == 0 || !errors.Is(err, fs.ErrNotExist)) { // its next event makes the live one
		return err
	}
	j := f.journal(path)
	for _, form := range rotated {
		if err := f.addRotated(form, false); err != nil && !errors.Is(err, fs.ErrNotExist) { // removed meanwhile
			if live != nil {
				_ = live.Close()
			}
			return err
		}
	}
	if live == nil {
		return nil
	}
	info, err := live.Stat()
	if err != nil || slices.ContainsFunc(f.infos, func(other fs.FileInfo) bool { return os.SameFile(other, info) }) { // by another name
		_ = live.Close()
		return err
	}
	f.infos = append(f.infos, info)
	j.Files = append(j.Files, &File{Path: arg, Rotated: NeverRotated, Size: info.Size(), live: live, named: true})
	return nil
}

// openLive opens a file, and finds the names of what was rotated of it.
func openLive(arg, path string) (live *os.File, names []string, err error) {
	beside := filepath.Clean(arg)
	if info, err := os.Lstat(arg); err == nil && info.Mode()&fs.ModeSymlink != 0 {
		beside = path
	}
	live, rotated, err := OpenLive(arg, beside)
	if errors.Is(err, fs.ErrNotExist) {
		rotated, _ = rotatedWithout(files.OS{}, beside)
		return nil, namesOf(rotated), err
	}
	return live, namesOf(rotated), err
}

// OpenLive opens the file of that name, and finds what was rotated of it, the oldest
// first: beside the second name, which differs where the first is a link's. As the file
// is still there after that, all of them are older.
func OpenLive(name, beside string) (live *os.File, rotated []files.Rotated, err error) {
	for range 100 { // once more than files can be rotated at a time
		live, err = openShared(name)
		if err != nil {
			return nil, nil, err
		}
		info, err := live.Stat()
		if err == nil && !info.Mode().IsRegular() {
			return live, nil, nil
		}
		if err == nil {
			rotated, err = listRotated(files.OS{}, beside)
		}
		now, statErr := os.Stat(name)
		if err == nil && statErr == nil && os.SameFile(info, now) {
			return live, rotated, nil
		}
		_ = live.Close()
		if err != nil {
			return nil, nil, err
		}
	}
	return nil, nil, fmt.Errorf("%s: the file is being rotated all the time", name)
}

// rotatedWithout returns the rotated files of one that is not there. Those that are
// rotated meanwhile are left out, as there may be older ones that were missed.
func rotatedWithout(fsys files.FS, path string) ([]files.Rotated, error) {
	before, err := listRotated(fsys, path)
	if err != nil {
		return nil, err
	}
	var last time.Time
	for _, r := range before {
		if r.At.After(last) {
			last = r.At
		}
	}
	now, err := listRotated(fsys, path)
	return slices.DeleteFunc(now, func(r files.Rotated) bool { return r.At.After(last) }), err
}

// listRotated returns the rotated files of the one at path, the oldest first. It looks
// twice, as one that is being compressed may be missed under both names.
func listRotated(fsys files.FS, path string) (all []files.Rotated, err error) {
	known := make(map[int64]bool) // by when they were rotated
	for range 2 {
		rotated, _, err := files.List(fsys, path)
		if err != nil {
			return nil, err
		}
		for _, r := range rotated {
			if at := r.At.UnixNano(); !known[at] {
				known[at] = true
				all = append(all, r)
			}
		}
	}
	slices.SortFunc(all, func(a, b files.Rotated) int { return a.At.Compare(b.At) })
	return all, nil
}

// namesOf returns one name for each, which is to be tried with all endings, as the
// file may have been compressed since.
func namesOf(rotated []files.Rotated) (names []string) {
	for _, r := range rotated {
		name := r.Forms[0]
		for _, form := range r.Forms {
			if info, err := os.Stat(form); err == nil && info.Size() > 0 { // else it only keeps the name
				name = form
				break
			}
		}
		if info, err := os.Stat(name); err != nil || info.Mode().IsRegular() {
			names = append(names, name)
		}
	}
	return names
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
	lives, err := LiveIn(dir)
	if err == nil && len(lives) == 0 {
		err = fmt.Errorf("%s: there are no events in this directory", dir)
	}
	errs := []error{err}
	for _, live := range lives {
		errs = append(errs, f.addLive(live, Absolute(live)))
	}
	return errors.Join(errs...)
}

// LiveIn returns the live file of every journal in a directory, be it there or only
// those that were rotated of it.
func LiveIn(dir string) (lives []string, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	isKnown := make(map[string]bool)
	for _, entry := range entries {
		path := filepath.Join(dir, entry.Name())
		live := path
		n, isRotated := files.Parse(path)
		if isRotated {
			live = n.Path
		}
		if isKnown[live] || n.Temporary || IsOfDelivery(live) {
			continue
		}
		if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
			continue
		}
		if isRotated || hasEvents(path) {
			isKnown[live] = true
			lives = append(lives, live)
		}
	}
	return lives, nil
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
