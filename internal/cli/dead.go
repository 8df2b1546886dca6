package cli

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/files"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/lock"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/reader"
)

// deadLetters is a file of events that a target has refused. They are stored as they
// were, with a few attributes more, and durably before the next event is sent.
type deadLetters struct {
	file *os.File
	n    int64
}

// checkApart returns an error if the dead letters are the state, which is replaced each
// time that it is saved.
func checkApart(state, dead string) error {
	own, err := files.Resolve(dead)
	if err != nil {
		return fmt.Errorf("--dead-letter: %w", err)
	}
	if state, err = files.Resolve(state); err == nil && (own == state || own == state+lock.Ending) {
		return fmt.Errorf("--dead-letter %s: is the state: give it another name", dead)
	}
	return err
}

func openDeadLetters(path string) (*deadLetters, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	d := &deadLetters{file: f}
	if err := d.heal(); err != nil {
		_ = f.Close()
		return nil, err
	}
	return d, nil
}

// heal ends a line that a crash has torn, and makes the file's entry durable.
func (d *deadLetters) heal() error {
	info, err := d.file.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s: is no regular file", d.file.Name())
	}
	last := make([]byte, 1)
	if size := info.Size(); size > 0 {
		if _, err := d.file.ReadAt(last, size-1); err != nil {
			return err
		}
		if last[0] != '\n' {
			if _, err := io.WriteString(d.file, "\n"); err != nil {
				return err
			}
		}
	}
	return syncDir(filepath.Dir(d.file.Name()))
}

// add adds an event.
func (d *deadLetters) add(e *reader.Event, attempts int, reason error) error {
	line, err := reader.DeadLetter(e.Text, sanitize(reason.Error()), attempts, time.Now())
	if err == nil {
		_, err = d.file.Write(line)
	}
	if err == nil {
		err = d.file.Sync()
	}
	if err != nil {
		return fmt.Errorf("the dead letters: %w", err)
	}
	d.n++
	return nil
}

// isOneOf tells whether it is one of the files that are read.
func (d *deadLetters) isOneOf(parts []part) bool {
	own, err := d.file.Stat()
	if err != nil {
		return false
	}
	for i := range parts {
		if os.SameFile(own, parts[i].info) {
			return true
		}
	}
	return false
}
