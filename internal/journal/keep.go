package journal

import (
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	rotatedTime = "2006-01-02T15-04-05.000"

	// keepEvery is how often files are looked at whose time may be up, beside
	// after each rotation.
	keepEvery = time.Hour

	// Temporary is the ending of a name under which a file is being compressed.
	Temporary = ".tmp"

	// temporaryFor is the age at which a temporary file, or an empty one that
	// reserves a name, counts as left over.
	temporaryFor = time.Hour
)

// keeper removes and compresses rotated files, in the background.
type keeper struct {
	fs    FS
	path  string
	place string // the directory that path was in when the keeper was made
	users func() []*Options

	mu      sync.Mutex
	working bool
	again   bool
	timer   *time.Timer
}

// start has the keeper look at all rotated files, now or when it is done with
// what it is doing.
func (k *keeper) start() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.again = true
	if !k.working {
		k.working = true
		go k.work()
	}
}

func (k *keeper) work() {
	for k.next() {
		users := k.users()
		if err := k.keep(users, time.Now()); err != nil {
			reportRotation(users, err)
		}
	}
}

func (k *keeper) next() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.working, k.again = k.again, false
	if k.timer != nil {
		k.timer.Stop()
		k.timer = nil
	}
	if !k.working && slices.ContainsFunc(k.users(), func(o *Options) bool { return o.KeepFor > 0 }) {
		k.timer = time.AfterFunc(keepEvery, k.start)
	}
	return k.working
}

// rotatedFile is one rotated file, of which there may be a compressed form as
// well as the original one for a time.
type rotatedFile struct {
	time  time.Time
	forms []string // names
}

// keep removes what no user wants to keep and compresses the rest, if one
// wants that.
func (k *keeper) keep(users []*Options, now time.Time) error {
	var compression Compression
	limited := false
	for _, o := range users {
		if compression == "" {
			compression = o.Compression
		}
		limited = limited || o.Keep > 0 || o.KeepFor > 0
	}
	if compression == "" && !limited {
		return nil // everything stays as it is, however many files there are
	}
	if err := k.checkPlace(); err != nil {
		return err
	}
	files, err := k.list(now)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return nil // nothing to keep
	}
	if err != nil {
		return err
	}
	var errs []error
	for i, file := range files {
		if isSpent(users, i, now.Sub(file.time)) {
			for _, name := range file.forms {
				errs = append(errs, k.remove(name))
			}
		} else if compression != "" {
			errs = append(errs, k.compress(file, compression))
		}
	}
	return errors.Join(errs...)
}

// isSpent tells whether no user wants to keep a rotated file of that age, than
// which so many are newer.
func isSpent(users []*Options, newer int, age time.Duration) bool {
	for _, o := range users {
		if (o.Keep == 0 || newer < o.Keep) && (o.KeepFor == 0 || age <= o.KeepFor) {
			return false
		}
	}
	return len(users) > 0
}

// list returns the rotated files, the newest first, by the time in their names.
// It removes temporary ones that were left over.
func (k *keeper) list(now time.Time) ([]rotatedFile, error) {
	dir := filepath.Dir(k.path)
	names, err := k.fs.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	byTime := make(map[time.Time]*rotatedFile)
	for _, name := range names {
		name = filepath.Join(dir, name)
		if original, ok := strings.CutSuffix(name, Temporary); ok {
			original = strings.TrimSuffix(original, filepath.Ext(original))
			if _, ok := RotatedAt(k.path, original); ok {
				if info, err := k.fs.Stat(name); err == nil && now.Sub(info.ModTime()) > temporaryFor {
					_ = k.fs.Remove(name)
				}
			}
			continue
		}
		t, ok := RotatedAt(k.path, name)
		if !ok {
			continue
		}
		if byTime[t] == nil {
			byTime[t] = &rotatedFile{time: t}
		}
		byTime[t].forms = append(byTime[t].forms, name)
	}
	var files []rotatedFile
	for _, file := range byTime {
		slices.Sort(file.forms) // the original form is the first
		files = append(files, *file)
	}
	slices.SortFunc(files, func(a, b rotatedFile) int { return b.time.Compare(a.time) })
	return files, nil
}

// RotatedAt returns the time in the name of a rotated file of the journal at
// path, compressed or not. No other name is taken for one.
func RotatedAt(path, name string) (time.Time, bool) {
	if c := compressionOf(name); c != "" {
		name = strings.TrimSuffix(name, string(c))
	}
	ext := filepath.Ext(path)
	stamp, ok := strings.CutPrefix(strings.TrimSuffix(name, ext), strings.TrimSuffix(path, ext)+"-")
	t, err := time.Parse(rotatedTime, stamp)
	return t, ok && err == nil && rotatedName(path, t) == name
}

func (k *keeper) remove(name string) error {
	if err := k.fs.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return k.fs.SyncDir(filepath.Dir(name))
}
