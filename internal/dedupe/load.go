package dedupe

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/event"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/files"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/jsonscan"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/reader"
)

// margin is how much later than its events a file may have been rotated, by a clock that
// was set meanwhile, and how much out of order their times may be.
const margin = time.Hour

// File is where the events of a scope are stored.
type File struct {
	Path string

	// Read is called when what was stored was read, with how many events of the window
	// there are, and how long it took.
	Read func(events int, took time.Duration, err error)
}

// loading is what is being read.
type loading struct {
	window time.Duration // the longest that was, or is being, read
	cancel []context.CancelFunc
	done   sync.WaitGroup
}

// load reads what was stored within the window, unless that was done, in the
// background. Meanwhile events are judged by what is known.
func (d *Deduplicator) load(file File, window time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if window <= d.loading.window {
		return
	}
	d.loading.window = window
	ctx, cancel := context.WithCancel(context.Background())
	d.loading.cancel = append(d.loading.cancel, cancel)
	d.loading.done.Add(1)
	go func() {
		defer d.loading.done.Done()
		defer cancel()
		began := time.Now()
		events, err := d.readBack(ctx, file.Path, began.Add(-window))
		if ctx.Err() == nil {
			file.Read(events, time.Since(began), err)
		}
	}()
}

// Wait waits until everything is read.
func (d *Deduplicator) Wait() { d.loading.done.Wait() }

func (d *Deduplicator) stopLoading() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, cancel := range d.loading.cancel {
		cancel()
	}
}

// readBack reads what was stored since a time, in the rotated files, the oldest first, and
// then in the live one. What was set aside after a failed fsync is left out: what is in there
// need not be on the disk, and its senders were told so.
//
// The live file is opened before the others are listed, so that one that is rotated
// meanwhile is not missing.
func (d *Deduplicator) readBack(ctx context.Context, path string, since time.Time) (events int, err error) {
	live, err := openDurably(path)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	if live.File != nil {
		defer func() { _ = live.Close() }()
	}
	rotated, listErr := rotatedSince(path, since)
	errs := []error{err, listErr} // what is in other files is known all the same
	for _, name := range rotated {
		if ctx.Err() != nil {
			return events, ctx.Err()
		}
		n, err := d.readRotated(ctx, name, since)
		events, errs = events+n, append(errs, err)
	}
	if live.File != nil {
		n, err := d.readFile(ctx, live, since)
		events, errs = events+n, append(errs, err)
	}
	return events, errors.Join(errs...)
}

// readRotated reads a rotated file, which may have been compressed since it was listed. One
// at a time is open: there may be thousands.
func (d *Deduplicator) readRotated(ctx context.Context, name string, since time.Time) (events int, err error) {
	for _, ending := range files.Endings {
		f, err := openDurably(name + ending)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue
		case err != nil || f.File == nil:
			return 0, err
		}
		defer func() { _ = f.Close() }()
		return d.readFile(ctx, f, since)
	}
	return 0, nil
}

// rotatedSince returns the names of those rotated files that may have events since a time.
func rotatedSince(path string, since time.Time) (names []string, err error) {
	rotated, _, err := files.List(files.OS{}, path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	for _, r := range rotated {
		if r.At.After(since.Add(-margin)) {
			names = append(names, r.Forms[0])
		}
	}
	return names, err
}

// durable is a file of which so many bytes are on the disk.
type durable struct {
	*os.File
	size int64
}

// openDurably opens a file whose lines are all on the disk: the process may have been
// killed between a write and its fsync. What is written after that fsync has none yet. It
// returns none for one that was set aside.
func openDurably(path string) (durable, error) {
	info, err := os.Stat(path)
	if err != nil {
		return durable{}, err
	}
	if !info.Mode().IsRegular() || files.IsAside(info) {
		return durable{}, nil
	}
	opened, err := files.OS{}.Open(path)
	if err != nil {
		return durable{}, err
	}
	if info, err = opened.Stat(); err == nil {
		err = opened.Sync()
	}
	if err == nil {
		err = files.OS{}.SyncDir(filepath.Dir(path))
	}
	if err != nil {
		_ = opened.Close()
		return durable{}, err
	}
	dropCache(opened.(*os.File), info.Size())
	return durable{opened.(*os.File), info.Size()}, nil
}

// readFile reads one file, as long as it was when it was opened.
func (d *Deduplicator) readFile(ctx context.Context, f durable, since time.Time) (events int, err error) {
	info, err := f.Stat()
	if err != nil || files.IsAside(info) { // just now
		return 0, err
	}
	lines, err := reader.New(f.File, io.NewSectionReader(f, 0, f.size))
	if err != nil {
		return 0, err
	}
	if !lines.Compressed() {
		lines.Release()
		begin := firstSince(f.File, f.size, since.Add(-margin))
		if lines, err = reader.New(f.File, io.NewSectionReader(f, begin, f.size-begin)); err != nil {
			return 0, err
		}
	}
	defer lines.Release()
	var line stored
	err = lines.Each(func(l reader.Line) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		// What came since is known already, and what is being stored need not succeed.
		if k, at, ok := line.key(l); ok && !at.Before(since) && at.Before(d.created) {
			events++
			d.found(k, at)
		}
		return nil
	})
	return events, err
}

// member is how a line with a key has it.
var member = []byte(`"` + event.DedupeKey + `":"`)

// stored is a line that is looked at.
type stored struct{ jsonscan.Doc }

// key returns the key of a stored event, and when that came. A line that is torn, or not
// as the receiver has written it, has none.
func (s *stored) key(l reader.Line) (k Key, at time.Time, ok bool) {
	if l.Long || !bytes.Contains(l.Text, member) || s.Parse(l.Text, reader.MaxDepth) != nil || string(s.Get("specversion")) != `"1.0"` {
		return k, at, false
	}
	key, _ := jsonscan.Unquote(s.Get(event.DedupeKey))
	when, _ := jsonscan.Unquote(s.Get("time"))
	at, err := time.Parse(time.RFC3339, when)
	k, ok = parseKey(key)
	return k, at, ok && err == nil
}

// found remembers an event that was read.
func (d *Deduplicator) found(k Key, at time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.order.len() < d.limit {
		d.remember(&d.read, remembered{k, now() - moment(time.Since(at))})
	}
}

// firstSince returns a place in a file that is not compressed, at the beginning of a line,
// before which there are no events since a time, as far as their times are in order.
func firstSince(f *os.File, size int64, since time.Time) int64 {
	const near = 1 << 20
	low, high := int64(0), size
	for high-low > near {
		middle := low + (high-low)/2
		begin, at, ok := lineAfter(f, middle, high)
		switch {
		case !ok:
			high = middle
		case at.Before(since):
			low = begin
		default:
			high = middle
		}
	}
	return low
}

// lineAfter returns where the first event's line after a place begins, and its time.
func lineAfter(f *os.File, place, end int64) (begin int64, at time.Time, ok bool) {
	lines, err := reader.New(f, io.NewSectionReader(f, place, end-place))
	if err != nil || lines.Compressed() {
		return 0, at, false
	}
	defer lines.Release()
	if _, err := lines.Next(); err != nil { // the end of the line that the place is in
		return 0, at, false
	}
	for {
		begin = place + lines.Offset()
		l, err := lines.Next()
		if err != nil {
			return 0, at, false
		}
		if kind, e, _ := reader.Parse(l); kind == reader.Stored && !e.Time.IsZero() {
			return begin, e.Time, true
		}
	}
}
