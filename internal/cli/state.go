package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/lock"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/reader"
)

// saveEvery is how old what the state file says may get while events are sent.
// A replay that is killed sends what came after again.
var saveEvery = 200 * time.Millisecond

// state remembers, in a file, what was sent: of each file up to which place.
// matching.go says how the files are known again.
type state struct {
	path   string
	dryRun bool     // nothing is saved
	lock   *os.File // nil in a dry run

	mu     sync.Mutex
	timer  *time.Timer // set while something is to be saved
	failed error       // why it could not be

	Target string    `json:"target"`
	LastID string    `json:"last_id"`   // of the event that was sent last; for people
	Last   time.Time `json:"last_time"` // of the same
	Sent   int64     `json:"sent"`      // in all runs; for people
	Files  []*cursor `json:"files"`     // nil in the state of an earlier version
}

// cursor is how far a file was sent, or passed over.
type cursor struct {
	File string `json:"file"` // where it was then
	reader.Place
	Rotated  bool `json:"rotated,omitempty"`  // nothing can be appended
	Complete bool `json:"complete,omitempty"` // to its end, after which nothing can come
}

// openState reads the file, which may be missing, and keeps others from using it.
// It must be the state of the same target, of which only what is no secret is
// remembered.
func openState(path string, target *url.URL, dryRun bool) (*state, error) {
	if resolved, err := filepath.EvalSymlinks(path); err == nil {
		path = resolved // so that it is not the link that is replaced
	}
	s := &state{path: path, dryRun: dryRun}
	if !dryRun {
		var err error
		if s.lock, err = lock.Open(path + lock.Ending); errors.Is(err, lock.ErrLocked) {
			err = errors.New("another replay is using this state")
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	err := s.load((&url.URL{Scheme: target.Scheme, Host: target.Host, Path: target.Path}).String())
	if err != nil {
		s.unlock()
		return nil, err
	}
	return s, nil
}

func (s *state) load(target string) error {
	content, err := os.ReadFile(s.path)
	if errors.Is(err, fs.ErrNotExist) {
		s.Target, s.Files = target, []*cursor{}
		return nil
	}
	if err != nil {
		return err
	}
	if err = json.Unmarshal(content, s); err == nil {
		for _, p := range s.Files {
			if p == nil || p.Length <= 0 {
				err = errors.New("a place that is none")
			}
		}
	}
	if err != nil {
		return fmt.Errorf("%s: not a state of replay: %w", s.path, err)
	}
	if s.Target != target {
		return fmt.Errorf("%s: is the state of sending to %s, not to %s: use another file", s.path, s.Target, target)
	}
	return nil
}

// advance notes that a file was passed up to that place, by sending an event or,
// if it is nil, without. After an event it is saved within saveEvery, also if
// nothing else comes.
func (s *state) advance(p *cursor, to reader.Place, sent *reader.Event) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p.Length == 0 {
		s.Files = append(s.Files, p)
	}
	p.Place, p.Complete = to, false
	if sent == nil {
		return nil
	}
	s.LastID, s.Last = sent.ID, sent.Time
	s.Sent++
	if s.timer == nil && !s.dryRun {
		s.timer = time.AfterFunc(saveEvery, func() {
			s.mu.Lock() // as long as it takes, so that no more than that is sent meanwhile
			defer s.mu.Unlock()
			if s.timer != nil { // else it was saved just now, and may be another's by now
				_ = s.saveNow()
			}
		})
	}
	return s.failed
}

// complete notes that a file was passed to its end, and that nothing can follow.
func (s *state) complete(p *cursor) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p.Complete = true
}

// save makes the state durable: the file holds the old one, or the new one.
func (s *state) save() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.saveNow()
}

func (s *state) saveNow() error {
	if s.timer != nil {
		s.timer.Stop()
		s.timer = nil
	}
	if s.dryRun {
		return nil
	}
	s.failed = nil
	if err := s.write(); err != nil {
		s.failed = fmt.Errorf("saving the state: %w", err)
	}
	return s.failed
}

func (s *state) unlock() {
	if s.lock != nil {
		_ = s.lock.Close()
	}
}

func (s *state) write() error {
	content, err := json.MarshalIndent(s, "", "\t")
	if err != nil {
		return err
	}
	dir := filepath.Dir(s.path)
	f, err := os.CreateTemp(dir, filepath.Base(s.path)+".*.tmp")
	if err != nil {
		return err
	}
	_, err = f.Write(append(content, '\n'))
	if err == nil {
		err = f.Sync()
	}
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), s.path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
		return err
	}
	return syncDir(dir)
}

func syncDir(dir string) error {
	if runtime.GOOS == "windows" { // which has no fsync of directories
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
