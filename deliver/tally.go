package deliver

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/event"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/reader"
)

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
