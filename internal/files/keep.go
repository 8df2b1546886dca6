package files

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
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

	// waitFor is how long wishes that have not taken effect may keep files: no load
	// of a config takes that long, and not every rejected one is released.
	waitFor = time.Hour
)

// Wishes are one caller's for rotated files. Where several differ, the longer
// keeping holds.
type Wishes struct {
	// How many files are kept, and for how long. Zero is without limit. What is
	// over either of them is removed.
	Keep    int
	KeepFor time.Duration

	// How files are compressed: Gzip, Zstd, or not at all.
	Compression Compression

	// If not nil, tells whether these wishes have taken effect: until then they
	// keep files, for an hour at most, but have none removed or compressed. It must
	// not block.
	InEffect func() bool

	// If not nil, called when something failed. Nothing is lost by that, and it is
	// tried again. It must not block.
	Failed func(error)
}

// registered are wishes that count, or will.
type registered struct {
	Wishes
	owner any
	at    time.Time // its monotonic reading counts, as the clock may be set meanwhile
}

func (r *registered) inEffect() bool { return r.InEffect == nil || r.InEffect() }

// Keeper removes and compresses rotated files, in the background. Its methods may
// be called at any time by any goroutine, except for Keep.
type Keeper struct {
	fs    FS
	path  string
	place string // the directory that path was in when the keeper was made

	mu      sync.Mutex
	wishes  []*registered // the oldest first
	holds   []*hold
	aside   []*settingAside
	tellFor time.Duration // tellFor, but in tests
	working bool
	again   bool
	timer   *time.Timer

	// Used only by the goroutine that works.
	nobodys  bool            // nobody's wishes counted when Keep asked last
	listed   time.Time       // when the directory was read last
	unsynced map[string]bool // compressed files whose entry's fsync failed: to be made anew
}

// NewKeeper returns the keeper of what is rotated of the file at path.
func NewKeeper(fsys FS, path string) *Keeper {
	k := &Keeper{fs: fsys, path: path, tellFor: tellFor, unsynced: make(map[string]bool)}
	k.place, _ = Resolve(filepath.Dir(path)) // else it is not compared
	return k
}

// Register has an owner's wishes count, beside those of others, until they are
// released. No file is removed that one of them wants.
func (k *Keeper) Register(owner any, w Wishes) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !slices.ContainsFunc(k.wishes, func(r *registered) bool { return r.owner == owner }) {
		k.wishes = append(k.wishes, &registered{Wishes: w, owner: owner, at: time.Now()})
	}
}

// Release forgets an owner's wishes.
func (k *Keeper) Release(owner any) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.wishes = slices.DeleteFunc(k.wishes, func(r *registered) bool { return r.owner == owner })
}

// hold is somebody's who needs rotated files.
type hold struct {
	needs    func(rotated time.Time) bool
	expiring func(rotated time.Time)
}

// tellFor is how long somebody is waited for who was told that a file expires.
const tellFor = time.Minute

// Hold keeps rotated files that somebody needs, whatever the wishes for their number are, until
// what it returns is called. Before a file is removed for its age, which a hold does not
// keep from it, expiring is called, the oldest file first, and waited for: for a minute at most.
// Both are called by any goroutine.
func (k *Keeper) Hold(needs func(rotated time.Time) bool, expiring func(rotated time.Time)) (release func()) {
	h := &hold{needs, expiring}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.holds = append(slices.Clip(k.holds), h)
	return func() {
		k.mu.Lock()
		k.holds = slices.DeleteFunc(slices.Clone(k.holds), func(other *hold) bool { return other == h })
		k.mu.Unlock()
		k.Start()
	}
}

func (k *Keeper) held() []*hold {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.holds
}

// isHeld tells whether somebody needs a file that is not removed for its age.
func (k *Keeper) isHeld(file *keptFile) bool {
	return slices.ContainsFunc(k.held(), func(h *hold) bool { return h.needs(file.At) })
}

// tell tells those who hold files of each that will be removed for its age, the oldest first.
// Who does not answer in time is not waited for again.
func (k *Keeper) tell(files []*keptFile, now time.Time) (told map[*keptFile]bool) {
	told = make(map[*keptFile]bool)
	late := make(map[*hold]bool)
	for i := len(files) - 1; i >= 0; i-- {
		file := files[i]
		if users, _ := k.users(); !isExpired(users, now.Sub(file.At)) {
			break // nor are those after it
		}
		told[file] = true
		for _, h := range k.held() {
			done := make(chan struct{})
			go func() {
				defer close(done)
				h.expiring(file.At)
			}()
			if late[h] {
				continue
			}
			timer := time.NewTimer(k.tellFor)
			select {
			case <-done:
			case <-timer.C:
				late[h] = true
			}
			timer.Stop()
		}
	}
	return told
}

// settingAside is a file that is being set aside, or was since the keeper began to look.
type settingAside struct {
	info fs.FileInfo
	done bool
}

// SettingAside has a file count as one that was set aside before it is marked as such by
// SetAside. It is called before the file is renamed, and what it returns when it is marked,
// removed, or no longer there.
func (k *Keeper) SettingAside(info fs.FileInfo) (done func()) {
	s := &settingAside{info: info}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.aside = append(k.aside, s)
	return func() {
		k.mu.Lock()
		defer k.mu.Unlock()
		s.done = true
	}
}

func (k *Keeper) isAside(info fs.FileInfo) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return IsAside(info) || slices.ContainsFunc(k.aside, func(s *settingAside) bool { return os.SameFile(s.info, info) })
}

// Start has the keeper look at all rotated files, now or when it is done with
// what it is doing.
func (k *Keeper) Start() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.again = true
	if !k.working {
		k.working = true
		go k.work()
	}
}

// Works tells whether the keeper is doing something.
func (k *Keeper) Works() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.working
}

func (k *Keeper) work() {
	for k.next() {
		if err := k.Keep(time.Now()); err != nil {
			users, _ := k.users()
			for _, r := range users {
				if r.Failed != nil {
					r.Failed(err)
				}
			}
		}
	}
}

func (k *Keeper) next() bool {
	users, waiting := k.users()
	k.mu.Lock()
	defer k.mu.Unlock()
	// Not while the keeper looks, which may have seen them without their marks.
	k.aside = slices.DeleteFunc(k.aside, func(s *settingAside) bool { return s.done })
	// Wishes that took effect just after Keep had asked are not left for an hour.
	k.working, k.again = k.again || k.nobodys && len(users) > 0, false
	if k.timer != nil {
		k.timer.Stop()
		k.timer = nil
	}
	if waiting && !k.working {
		k.timer = time.AfterFunc(effectEvery, k.Start)
	} else if len(users) > 0 && !k.working {
		k.timer = time.AfterFunc(keepEvery, k.Start)
	}
	return k.working
}

// users returns whose wishes count: nobody's while none have taken effect, and
// then waiting tells whether any may. Those registered before some that have do not
// count: they were replaced, or rejected without having been released. So were
// those that have not taken effect for long.
func (k *Keeper) users() (users []*registered, waiting bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	n := 0
	// The newest first, so that all of a config that takes effect meanwhile count.
	for i := len(k.wishes) - 1; i >= 0; i-- {
		r := k.wishes[i]
		inEffect := r.inEffect()
		if inEffect || time.Since(r.at) < waitFor {
			users = append(users, r)
		}
		if inEffect {
			n = len(users)
		}
	}
	waiting = n == 0 && len(users) > 0
	users = users[:n]
	slices.Reverse(users)
	return users, waiting
}

// Keep removes what no user wants to keep and compresses the rest, if one wants
// that. It is what Start has done in the background, and must not be called while
// that goes on.
func (k *Keeper) Keep(now time.Time) error {
	users, _ := k.users()
	if k.nobodys = len(users) == 0; k.nobodys {
		return nil
	}
	var compression Compression
	limited := false
	for _, r := range users {
		if compression == "" && r.inEffect() {
			compression = r.Compression
		}
		limited = limited || r.Keep > 0 || r.KeepFor > 0
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
	told := k.tell(files, now)
	newer := 0
	for _, file := range files {
		// Anew for each, as somebody who wants to keep more may have come.
		if users, _ = k.users(); isSpent(users, newer, now.Sub(file.At)) && (told[file] || !k.isHeld(file)) {
			for _, name := range file.Forms {
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

// checkPlace returns an error if path leads to another directory than when the
// keeper was made, where rotated files may be another journal's.
func (k *Keeper) checkPlace() error {
	dir := filepath.Dir(k.path)
	now, err := k.fs.Resolve(dir)
	if err != nil || k.place == "" || now == k.place {
		return nil
	}
	return fmt.Errorf("%s has come to be %s: rotated files are neither compressed nor removed until the config is loaded anew", dir, now)
}

// isSpent tells whether no user wants to keep a rotated file of that age, than
// which so many are newer.
func isSpent(users []*registered, newer int, age time.Duration) bool {
	for _, r := range users {
		if (r.Keep == 0 || newer < r.Keep) && (r.KeepFor == 0 || age <= r.KeepFor) {
			return false
		}
	}
	return len(users) > 0
}

// isExpired tells whether no user wants to keep a rotated file of that age, whatever their
// number.
func isExpired(users []*registered, age time.Duration) bool {
	return isSpent(users, 0, age)
}

func (k *Keeper) remove(name string) error {
	if err := k.fs.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return k.fs.SyncDir(filepath.Dir(name))
}
