package journal

import (
	"errors"
	"io/fs"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

const (
	// keepEvery is how often files are looked at whose time may be up, beside
	// after each rotation.
	keepEvery = time.Hour

	// effectEvery is how often it is asked whether somebody's wishes have taken
	// effect, where nobody's have.
	effectEvery = time.Second
)

// keeper removes and compresses rotated files, in the background.
type keeper struct {
	fs    FS
	path  string
	place string // the directory that path was in when the keeper was made

	// Whose wishes count: nobody's while none has taken effect, and then waiting
	// tells whether there are any.
	wishes func() (users []*Options, waiting bool)

	mu      sync.Mutex
	working bool
	again   bool
	timer   *time.Timer

	// Used only by the goroutine that works.
	listed time.Time       // when the directory was read last
	unsafe map[string]bool // compressed files whose entry's fsync failed: to be made anew
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
		if err := k.keep(time.Now()); err != nil {
			users, _ := k.wishes()
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
	if !k.working {
		if users, waiting := k.wishes(); waiting {
			k.timer = time.AfterFunc(effectEvery, k.start)
		} else if len(users) > 0 {
			k.timer = time.AfterFunc(keepEvery, k.start)
		}
	}
	return k.working
}

// keep removes what no user wants to keep and compresses the rest, if one
// wants that.
func (k *keeper) keep(now time.Time) error {
	users, _ := k.wishes()
	if len(users) == 0 {
		return nil
	}
	var compression Compression
	limited := false
	for _, o := range users {
		if compression == "" && o.inEffect() {
			compression = o.Compression
		}
		limited = limited || o.Keep > 0 || o.KeepFor > 0
	}
	if compression == "" && !limited && now.Sub(k.listed) < keepEvery {
		return nil // only what was left over goes; and there may be very many files
	}
	if err := k.checkPlace(); err != nil {
		return err
	}
	k.listed = now
	files, err := k.list(now)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return nil // nothing to keep
	}
	errs := []error{err}
	newer := 0
	for _, file := range files {
		// Anew for each, as somebody who wants to keep more may have come.
		if users, _ = k.wishes(); isSpent(users, newer, now.Sub(file.time)) {
			for _, name := range file.forms {
				errs = append(errs, k.remove(name))
			}
		} else if compression != "" && !file.aside {
			errs = append(errs, k.compress(file, compression))
		}
		if !file.aside {
			newer++
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

func (k *keeper) remove(name string) error {
	if err := k.fs.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return k.fs.SyncDir(filepath.Dir(name))
}
