package reader

import (
	"errors"
	"io"
	"os"
	"slices"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/files"
)

// Need tells which rotated files are needed still. It never changes, so any goroutine may ask
// it. Nil needs all.
type Need struct {
	done   []time.Time // in the names of those that are not, rising: what is not known is needed
	oldest time.Time
}

// Needs tells whether a file that was rotated at that time, as its name says, is needed.
func (n *Need) Needs(rotated time.Time) bool {
	if n == nil {
		return true
	}
	_, done := slices.BinarySearchFunc(n.done, rotated, time.Time.Compare)
	return !done
}

// Oldest returns when the oldest file was rotated that is known to be needed; zero if none
// is. As files are removed for their age by the times in their names, that is all that has to be
// known to warn of it.
func (n *Need) Oldest() time.Time {
	if n == nil {
		return time.Time{}
	}
	return n.oldest
}

// lookFor is how long one call of Need opens files to find out which is which.
const lookFor = 10 * time.Millisecond

// Need tells which files are needed by what a cursor says that is saved: those with lines that
// are undone, and all that come after the place up to which was read. What is not known is
// needed: as in the first seconds, where there are thousands of files. It may be called once a second.
func (t *Track) Need(read Position, undone []Position) *Need {
	now, err := t.list()
	if err != nil {
		return nil
	}
	until := time.Now().Add(lookFor)
	from, ok := t.after(now, read, until)
	if !ok {
		return nil
	}
	// By fingerprints, as names may have changed. Where several files begin with the same line, all
	// of them are needed.
	needed := make(map[Fingerprint]bool)
	for i := range undone {
		needed[undone[i].File] = true
	}
	if read.Length > 0 { // else all of it was read
		needed[read.File] = true
	}
	n := new(Need)
	for _, r := range now.rotated {
		print, known := t.prints[r.At]
		if r.At.Before(from) && !known && time.Now().Before(until) {
			print, err = t.printOfFile(r)
			known = err == nil
		}
		switch {
		case r.At.Before(from) && known && !needed[print]:
			n.done = append(n.done, r.At)
		case n.oldest.IsZero() && (known || !r.At.Before(from)):
			n.oldest = r.At
		}
	}
	return n
}

// after returns a time after which every file was rotated, as its name says, that comes after
// the one with a position, and no other one. It is not ok as long as that is not known.
func (t *Track) after(now *listing, p Position, until time.Time) (at time.Time, ok bool) {
	const next = time.Nanosecond
	if p.File == (Fingerprint{}) {
		return p.Rotated.Add(next), !p.Rotated.After(time.Now())
	}
	if i, found := now.find(p.Rotated); found {
		if print, err := t.printOfFile(now.rotated[i]); err == nil && print == p.File {
			return p.Rotated.Add(next), true
		}
	}
	if now.live != nil {
		if print, err := t.printOfFile(t.liveFile()); err == nil && print == p.File {
			return now.newest().Add(next), true
		}
	}
	for i := len(now.rotated) - 1; i >= 0; i-- {
		r := now.rotated[i]
		print, known := t.prints[r.At]
		if !known && time.Now().After(until) {
			return time.Time{}, false
		}
		if !known {
			print, _ = t.printOfFile(r)
		}
		if print == p.File {
			return r.At.Add(next), true
		}
	}
	if t.current != nil && t.current.print == p.File { // it was renamed by others
		return t.floor.Add(next), true
	}
	return p.Rotated.Add(next), p.Rotated.Before(time.Now()) // it has gone
}

func (t *Track) liveFile() files.Rotated {
	return files.Rotated{At: NeverRotated, Forms: []string{t.path}}
}

// Skip goes on after all that was rotated up to that time. It returns up to where was read before,
// and is not ok if that was further on.
func (t *Track) Skip(rotated time.Time) (from Position, ok bool, err error) {
	if f := t.current; f != nil {
		if f.rotated == NeverRotated {
			if ok, err := t.wasRotated(f, rotated); !ok || err != nil {
				return Position{}, false, err
			}
		} else if f.rotated.After(rotated) {
			return Position{}, false, nil
		}
	} else if !t.floor.Before(rotated) {
		return Position{}, false, nil
	}
	from = t.last
	t.leave()
	t.floor, t.last = rotated, Position{Rotated: rotated}
	t.queue = slices.DeleteFunc(slices.Clone(t.queue), func(r files.Rotated) bool { return !r.At.After(rotated) })
	return from, true, nil
}

// wasRotated tells whether a file that was the live one was rotated up to that time.
func (t *Track) wasRotated(f *tracked, rotated time.Time) (bool, error) {
	if isLive, err := t.isLive(f.info); isLive || err != nil {
		return false, err
	}
	now, err := t.list()
	if err != nil {
		return false, err
	}
	// It is the first after those that were there before it, unless it has another name by now.
	for _, r := range now.after(t.floor) {
		if r.At.After(rotated) {
			return false, nil
		}
		if isPlaceholder(r) {
			continue
		}
		return t.isFirst(f, r), nil
	}
	return false, nil
}

// In tells whether a line is in the file that was rotated at that time.
func (t *Track) In(rotated time.Time, p Position) bool {
	now, err := t.list()
	if err != nil {
		return p.Rotated.Equal(rotated)
	}
	i, found := now.find(rotated)
	if _, isThere := now.find(p.Rotated); isThere || !found {
		return p.Rotated.Equal(rotated)
	}
	print, err := t.printOfFile(now.rotated[i])
	return err == nil && print == p.File
}

// CountUnread returns how many events there are after a position in what was rotated up to that
// time that are wanted. It may be called by any goroutine, and takes as long as reading takes.
func CountUnread(path string, from Position, rotated time.Time, wants func(*Event) bool) (n int, err error) {
	t := NewTrack(path, nil)
	defer t.Close()
	if err := t.Seek(from); err != nil && !errors.Is(err, ErrGone) {
		return 0, err
	}
	for {
		text, p, err := t.Next()
		if errors.Is(err, io.EOF) || err == nil && p.Rotated.After(rotated) {
			return n, nil
		}
		if err != nil {
			return n, err
		}
		if kind, e, _ := Parse(Line{Text: text}); kind == Stored && wants(e) {
			n++
		}
	}
}

// Backlog returns how many bytes, as they are stored, have not been read. It may be called once a
// second, also with thousands of files.
func (t *Track) Backlog() (bytes int64) {
	now, err := t.list()
	if err != nil {
		return 0
	}
	ahead := now.after(t.floor)
	f := t.current
	if f != nil {
		bytes += f.left()
	}
	for _, r := range ahead {
		bytes += t.size(r)
	}
	switch {
	case f == nil:
		if now.live != nil {
			bytes += now.live.Size()
		}
	case f.rotated != NeverRotated:
		if info, err := os.Stat(t.path); err == nil {
			bytes += info.Size()
		}
	case !sameFile(f.info, now.live):
		// It was rotated: it is the first of those ahead, if it has that name.
		if len(ahead) > 0 && t.isFirst(f, ahead[0]) {
			bytes -= t.size(ahead[0])
		}
		if info, err := os.Stat(t.path); err == nil {
			bytes += info.Size()
		}
	}
	return bytes
}

// isFirst tells whether a file that was the live one has become that.
func (t *Track) isFirst(f *tracked, r files.Rotated) bool {
	print, err := t.printOfFile(r)
	return err == nil && print == f.storedPrint()
}

// left returns how many bytes of a file, as they are stored, have not been read.
func (f *tracked) left() int64 {
	info, err := f.file.Stat()
	switch {
	case err != nil:
		return 0
	case f.frames != nil:
		if f.frame == len(f.frames) {
			return 0
		}
		return info.Size() - f.frames[f.frame].Offset
	case f.decoder != nil:
		return info.Size() / 2 // nobody knows
	}
	return max(0, info.Size()-f.offset)
}

// size returns how large a rotated file is. That is remembered.
func (t *Track) size(r files.Rotated) int64 {
	for _, name := range r.Forms {
		if size, ok := t.sizes[name]; ok {
			return size
		}
		if info, err := os.Stat(name); err == nil && info.Size() > 0 {
			t.sizes[name] = info.Size()
			return info.Size()
		}
	}
	return 0
}
