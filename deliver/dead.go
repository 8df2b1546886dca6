package deliver

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"sync"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/event"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/files"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/lock"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/reader"
)

// othersFor is for how long another process may have the dead letters for itself.
const othersFor = 30 * time.Second

// deadLetters are the events that a delivery gave up, in a file beside the receiver's, which
// receivers of deliveries of the same name share, be they of one process or of several: whoever writes holds
// a lock beside it. It may be renamed or removed at any time: the next one makes it anew.
type deadLetters struct {
	receiver string
	path     string // of the dead letters
	retrying string // of those that are sent again
	fs       files.FS
	mode     fs.FileMode
	dirMode  fs.FileMode

	mu    sync.Mutex
	tally tally
}

// newDeadLetters returns those of a delivery. No file is made before there is one.
func newDeadLetters(events, receiver, name string, mode, dirMode fs.FileMode) *deadLetters {
	return &deadLetters{
		receiver: receiver, path: deadFile(events, name), retrying: events + "." + receiver + "." + name + reader.RetryEnding,
		fs: files.OS{}, mode: mode, dirMode: dirMode,
	}
}

// deadFile returns the name of the file with the dead letters of a delivery.
func deadFile(events, name string) string { return events + "." + name + reader.DeadEnding }

// add adds an event, durably. After an error it is not there. It takes as long as the disk does.
func (d *deadLetters) add(line []byte, reason string, attempts int) error {
	dead, err := reader.DeadLetter(line, reason, attempts, time.Now())
	if err != nil {
		return err
	}
	return d.locked(func(path string) error {
		o, err := d.open(path)
		if err != nil {
			return err
		}
		defer o.close()
		_, err = o.Write(dead)
		if err == nil {
			err = o.sync()
		}
		return o.undo(err)
	})
}

// retry moves the receiver's dead letters to the file of those that are sent again; see retrying. It
// returns how many there are. It is called by the goroutine that reads that file.
func (d *deadLetters) retry() (n int, err error) {
	return d.take(func(e *reader.Event) bool { return e.Attribute(event.Receiver) == d.receiver }, d.retrying)
}

// expire removes the receiver's dead letters that were received before a time. It returns how
// many there were.
func (d *deadLetters) expire(before time.Time) (n int, err error) {
	if _, oldest, err := d.count(); err != nil || oldest.IsZero() || !oldest.Before(before) {
		return 0, err
	}
	return d.take(func(e *reader.Event) bool {
		return e.Attribute(event.Receiver) == d.receiver && !e.Time.IsZero() && e.Time.Before(before)
	}, "")
}

// take takes events out of the file, and adds them to another one, if it has a name: first what is left is
// written to a file of its own, then what is taken is durable, and only then the first one is replaced. So a crash or an
// error loses nothing; a crash can leave an event in both.
func (d *deadLetters) take(takes func(*reader.Event) bool, to string) (n int, err error) {
	err = d.locked(func(path string) error {
		lines, err := reader.Open(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		close := sync.OnceFunc(lines.Close)
		defer close()
		left, err := d.createBeside(path, lines)
		if err != nil {
			return err
		}
		defer left.remove()
		taken, isEmpty := new(output), true
		defer func() { taken.close() }()
		err = lines.Each(func(l reader.Line) error {
			kind, e, err := reader.Parse(l)
			switch {
			case l.Long:
				return err // what is not read whole can't be written
			case kind == reader.Blank:
				return nil
			case kind != reader.Stored || !takes(e):
				isEmpty = false
				return left.writeLine(l.Text)
			case n == 0 && to != "":
				if to, err = files.Follow(d.fs, to); err != nil {
					return err
				}
				if taken, err = d.open(to); err != nil {
					taken = new(output)
					return err
				}
			}
			n++
			return taken.writeLine(l.Text)
		})
		if n == 0 && err == nil {
			return nil
		}
		if err == nil {
			err = left.sync()
		}
		if err == nil {
			err = taken.sync()
		}
		close() // some systems replace no open file
		left.close()
		switch {
		case err != nil:
		case isEmpty:
			err = d.fs.Remove(path)
		default:
			err = d.fs.Rename(left.name, path)
		}
		if err != nil {
			n = 0
			return taken.undo(err)
		}
		d.forget()
		return d.fs.SyncDir(filepath.Dir(path))
	})
	return n, err
}

// locked does something while nobody else writes to the file, in whose place there may be a
// symbolic link.
func (d *deadLetters) locked(do func(path string) error) error {
	path, err := files.Follow(d.fs, d.path)
	if err != nil {
		return err
	}
	if err := makeDir(filepath.Dir(path), d.dirMode); err != nil {
		return err
	}
	own, _ := writers.LoadOrStore(path, new(sync.Mutex)) // for those of this process, on any system
	own.(*sync.Mutex).Lock()
	defer own.(*sync.Mutex).Unlock()
	held, err := lock.Wait(path+lock.Ending, othersFor)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	defer func() { _ = held.Close() }()
	return do(path)
}

// writers are the mutexes of files with dead letters, by their paths.
var writers sync.Map
