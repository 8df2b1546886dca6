package deliver

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
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
	for began := time.Now(); ; time.Sleep(time.Millisecond) {
		held, err := lock.Open(path + lock.Ending)
		if err == nil {
			defer func() { _ = held.Close() }()
			return do(path)
		}
		if !errors.Is(err, lock.ErrLocked) || time.Since(began) > othersFor {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
}

// writers are the mutexes of files with dead letters, by their paths.
var writers sync.Map

// output is a file that is added to.
type output struct {
	*bufio.Writer
	file    files.File // nil: what is written is thrown away
	fs      files.FS
	name    string
	before  int64 // its size
	created bool
}

// open opens a file, to add lines to it.
func (d *deadLetters) open(name string) (*output, error) {
	o := &output{fs: d.fs, name: name}
	var err error
	if o.file, err = d.fs.Open(name); errors.Is(err, fs.ErrNotExist) {
		o.created = true
		o.file, err = d.fs.Create(name, d.mode)
	}
	if err != nil {
		return nil, err
	}
	o.Writer = bufio.NewWriterSize(o.file, 64<<10)
	if err := o.inspect(); err != nil {
		o.close()
		return nil, err
	}
	return o, nil
}

// inspect learns how large the file is, and ends a line that a crash has torn.
func (o *output) inspect() error {
	info, err := o.file.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s: is no regular file", o.name)
	}
	o.before = info.Size()
	if o.before == 0 {
		return nil
	}
	last := make([]byte, 1)
	if _, err := o.file.ReadAt(last, o.before-1); err != nil || last[0] == '\n' {
		return err
	}
	return o.WriteByte('\n')
}

// createBeside begins a file that is to replace the one that is read.
func (d *deadLetters) createBeside(path string, lines *reader.Lines) (*output, error) {
	info, err := lines.File().Stat()
	if err != nil {
		return nil, err
	}
	o := &output{fs: d.fs, name: path + ".tmp", created: true}
	if err := d.fs.Remove(o.name); err != nil && !errors.Is(err, fs.ErrNotExist) { // what a crash has left
		return nil, err
	}
	if o.file, err = d.fs.Create(o.name, info.Mode().Perm()); err != nil {
		return nil, err
	}
	o.Writer = bufio.NewWriterSize(o.file, 64<<10)
	return o, nil
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
		return fmt.Errorf("fsync of %s: %w", o.name, err)
	}
	return o.fs.SyncDir(filepath.Dir(o.name))
}

// undo takes back what was added, if there was an error, as far as the disk allows: it is added
// again at the same place. It returns the error.
func (o *output) undo(err error) error {
	switch {
	case err == nil || o.file == nil:
	case o.created:
		o.remove()
	default:
		if f, ok := o.file.(interface{ Truncate(int64) error }); ok {
			_ = f.Truncate(o.before)
		}
	}
	return err
}

func (o *output) close() {
	if o.file != nil {
		_ = o.file.Close()
	}
}

// remove removes the file, unless it got another name.
func (o *output) remove() {
	o.close()
	_ = o.fs.Remove(o.name)
}

// tally is how many of a receiver's events there are in a file, up to an offset.
type tally struct {
	info   fs.FileInfo // nil: it is not known
	offset int64
	n      int
	oldest time.Time
}

// count returns how many dead letters the receiver has, and when the oldest one was received. What was
// counted before is not read again. It may be called by any goroutine.
func (d *deadLetters) count() (n int, oldest time.Time, err error) {
	f, err := os.Open(d.path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, time.Time{}, nil
	}
	if err != nil {
		return 0, time.Time{}, err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return 0, time.Time{}, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	c := d.tally
	if c.info == nil || !os.SameFile(c.info, info) || info.Size() < c.offset {
		c = tally{}
	}
	c.info = info
	if _, err := f.Seek(c.offset, io.SeekStart); err != nil {
		return 0, time.Time{}, err
	}
	lines, err := reader.New(f, f)
	if err != nil {
		return 0, time.Time{}, err
	}
	defer lines.Release()
	for {
		l, err := lines.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return 0, time.Time{}, err
		}
		kind, e, _ := reader.Parse(l)
		if kind != reader.Stored || e.Attribute(event.Receiver) != d.receiver {
			continue
		}
		c.n++
		if !e.Time.IsZero() && (c.oldest.IsZero() || e.Time.Before(c.oldest)) {
			c.oldest = e.Time
		}
	}
	if !lines.Compressed() {
		c.offset += lines.Offset() - int64(len(lines.Rest().Text))
		d.tally = c
	}
	return c.n, c.oldest, nil
}

// forget has count count anew.
func (d *deadLetters) forget() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.tally = tally{}
}
