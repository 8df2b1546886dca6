package deliver

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/event"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/files"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/journal"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/reader"
)

// deadTimeout is how long a dead letter may wait for the disk.
const deadTimeout = 30 * time.Second

// deadLetters are the events that a delivery gave up, in a file beside the receiver's, which
// receivers of deliveries of the same name share.
type deadLetters struct {
	receiver string
	path     string // of the dead letters
	retrying string // of those that are sent again
	journal  *journal.Journal
	options  *journal.Options
}

// newDeadLetters returns those of a delivery. No file is made before there is one.
func newDeadLetters(events, receiver, name string, mode, dirMode fs.FileMode) *deadLetters {
	path := deadFile(events, name)
	return &deadLetters{
		receiver: receiver, path: path, retrying: events + "." + receiver + "." + name + retryEnding,
		journal: journal.New(path, nil), options: &journal.Options{Mode: mode, DirMode: dirMode},
	}
}

// deadFile returns the name of the file with the dead letters of a delivery.
func deadFile(events, name string) string { return events + "." + name + reader.DeadEnding }

// rewriting is held while a file of dead letters is replaced, and while one is added to it.
// Appending is safe against renaming, but not against what is written anew.
var rewriting sync.RWMutex

// add adds an event, durably.
func (d *deadLetters) add(line []byte, reason string, attempts int) error {
	dead, err := reader.DeadLetter(line, reason, attempts, time.Now())
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), deadTimeout)
	defer cancel()
	rewriting.RLock()
	defer rewriting.RUnlock()
	return d.journal.Append(ctx, dead, d.options)
}

// close closes the file.
func (d *deadLetters) close() {
	ctx, cancel := context.WithTimeout(context.Background(), deadTimeout)
	defer cancel()
	_ = d.journal.Close(ctx)
}

// retry has the receiver's dead letters sent again: they are moved to the file of which that
// is done. It returns how many there are.
func (d *deadLetters) retry() (n int, err error) {
	return d.rewrite(func(e *reader.Event) bool { return e.Attribute(event.Receiver) == d.receiver }, d.retrying)
}

// endRetry removes the file of dead letters that were sent again, durably.
func (d *deadLetters) endRetry() error {
	if err := os.Remove(d.retrying); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return files.OS{}.SyncDir(filepath.Dir(d.retrying))
}

// expire removes the receiver's dead letters that were received before a time. It returns how
// many there were.
func (d *deadLetters) expire(before time.Time) (n int, err error) {
	return d.rewrite(func(e *reader.Event) bool {
		return e.Attribute(event.Receiver) == d.receiver && !e.Time.IsZero() && e.Time.Before(before)
	}, "")
}

// rewrite takes events out of the file, and appends them to another one, if it has a name. Every
// step is durable before the next, so that a crash repeats, and loses nothing.
func (d *deadLetters) rewrite(takes func(*reader.Event) bool, to string) (n int, err error) {
	rewriting.Lock()
	defer rewriting.Unlock()
	lines, err := reader.Open(d.path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	defer lines.Close()
	taken, err := appendTo(to, d.options.Mode)
	if err != nil {
		return 0, err
	}
	defer taken.close()
	left, err := createBeside(d.path, d.options.Mode)
	if err != nil {
		return 0, err
	}
	defer left.remove()
	err = lines.Each(func(l reader.Line) error {
		kind, e, _ := reader.Parse(l)
		into := left
		if kind == reader.Stored && takes(e) {
			into = taken
			n++
		}
		return into.writeLine(l.Text)
	})
	if err != nil || n == 0 {
		return 0, err
	}
	if err := taken.sync(); err != nil {
		return 0, err
	}
	return n, left.replace(d.path)
}

// output is a file that is written to.
type output struct {
	*bufio.Writer
	file *os.File // nil: what is written is thrown away
}

func appendTo(path string, mode fs.FileMode) (*output, error) {
	if path == "" {
		return &output{}, nil
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, mode)
	if err != nil {
		return nil, err
	}
	o := &output{bufio.NewWriter(f), f}
	last := make([]byte, 1)
	if info, err := f.Stat(); err == nil && info.Size() > 0 {
		if _, err := f.ReadAt(last, info.Size()-1); err == nil && last[0] != '\n' {
			return o, o.writeLine(nil) // ends what a crash has torn
		}
	}
	return o, nil
}

func createBeside(path string, mode fs.FileMode) (*output, error) {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*.tmp")
	if err != nil {
		return nil, err
	}
	_ = f.Chmod(mode)
	return &output{bufio.NewWriter(f), f}, nil
}

func (o *output) writeLine(text []byte) error {
	if o.file == nil {
		return nil
	}
	if _, err := o.Write(text); err != nil {
		return err
	}
	return o.WriteByte('\n')
}

// sync makes what was written durable, with the file's entry.
func (o *output) sync() error {
	if o.file == nil {
		return nil
	}
	if err := o.Flush(); err != nil {
		return err
	}
	if err := o.file.Sync(); err != nil {
		return err
	}
	return files.OS{}.SyncDir(filepath.Dir(o.file.Name()))
}

// replace makes the file durable under another name.
func (o *output) replace(path string) error {
	if err := o.sync(); err != nil {
		return err
	}
	name := o.file.Name()
	o.close()
	if err := os.Rename(name, path); err != nil {
		return fmt.Errorf("the dead letters: %w", err)
	}
	return files.OS{}.SyncDir(filepath.Dir(path))
}

func (o *output) close() {
	if o.file != nil {
		_ = o.file.Close()
	}
}

func (o *output) remove() {
	o.close()
	_ = os.Remove(o.file.Name()) // which it may not have any more
}
