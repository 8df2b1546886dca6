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
	"time"
)

// saveEvery is how old what the state file says may get while events are sent.
// A replay that is killed sends what came after again.
const saveEvery = 200 * time.Millisecond

// state remembers, in a file, the last event that was sent. It knows the event
// by its id, not by its place, so files may be rotated and compressed.
type state struct {
	path  string // empty where nothing is remembered
	saved time.Time

	Target string    `json:"target"`
	LastID string    `json:"last_id"`
	Last   time.Time `json:"last_time"` // of the event; for people
	Sent   int64     `json:"sent"`      // in all runs; for people
}

// loadState reads the file, which may be missing. The state must be of the same
// target, of which only what is no secret is remembered.
func loadState(path string, target *url.URL) (*state, error) {
	name := (&url.URL{Scheme: target.Scheme, Host: target.Host, Path: target.Path}).String()
	s := &state{path: path, Target: name}
	if path == "" {
		return s, nil
	}
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(content, s); err != nil {
		return nil, fmt.Errorf("%s: not a state of replay: %w", path, err)
	}
	if s.Target != name {
		return nil, fmt.Errorf("%s: is the state of sending to %s, not to %s: use another file", path, s.Target, name)
	}
	return s, nil
}

// sent notes that an event was sent.
func (s *state) sent(e *event) error {
	s.LastID, s.Last = e.id, e.time
	s.Sent++
	if s.path == "" || time.Since(s.saved) < saveEvery {
		return nil
	}
	return s.save()
}

// save makes the state durable: the file holds the old one, or the new one.
func (s *state) save() error {
	if s.path == "" {
		return nil
	}
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
		return fmt.Errorf("saving the state: %w", err)
	}
	s.saved = time.Now()
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
