package deliver

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/files"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/reader"
)

// retrying reads the dead letters that are sent again, from a file of their own, to which a
// later retry adds more. The delivery's loop uses it so:
//
//   - At the start: openRetry(record.Retry). Of the cursor's undone events those with Again are of this file if has
//     says so; the others are done: the file that they were of was removed, which comes after the last of them, and
//     before the next save.
//   - When somebody wants a retry: retry; then, if there is no retrying, openRetry of no position. The goroutine that
//     reads does both, as retry takes back what it added if it fails.
//   - Next, as long as few of its events are undone; each becomes undone with Again, and aside: it holds up nobody. It is read again
//     by At. What is gone was removed by somebody: it is lost.
//   - At io.EOF, when none of them is undone: finish. If it says true, there is no retrying any more, and the
//     cursor is saved without a position. Otherwise Next has more.
//   - Last is the cursor's Retry.
//
// A crash before the cursor is saved repeats what is not in it, as it does for the journal. One between finish and
// the save leaves a position in a file that is not there, or, after the next retry, in another one: it is known by
// the fingerprint, and counts for nothing.
type retrying struct {
	*reader.Track
	path  string
	print reader.Fingerprint
}

// openRetry goes on after the position with the dead letters that are sent again. It returns nil if there
// are none.
func (d *deadLetters) openRetry(from reader.Position) (*retrying, error) {
	path, err := files.Follow(files.OS{}, d.retrying)
	if err != nil {
		return nil, err
	}
	r := &retrying{path: path}
	r.print, err = reader.FingerprintOf(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	r.begin()
	if from.File != r.print {
		return r, nil
	}
	if err := r.Seek(from); errors.Is(err, reader.ErrGone) {
		r.begin() // somebody has changed it
	} else if err != nil {
		return nil, err
	}
	return r, nil
}

func (r *retrying) begin() { r.Track = reader.NewTrack(r.path, nil) }

// has tells whether a position is one in the file.
func (r *retrying) has(p reader.Position) bool { return p.File == r.print }

// finish removes the file, durably, if all of it was read, of which nothing may be undone.
func (r *retrying) finish() (bool, error) {
	last := r.Last()
	more, err := hasMore(r.path, last)
	switch {
	case errors.Is(err, reader.ErrGone):
		r.Close()
		r.begin() // somebody has changed it
		return false, nil
	case more || err != nil && !errors.Is(err, fs.ErrNotExist):
		return false, err
	}
	r.Close() // some systems remove no open file
	if err == nil {
		err = os.Remove(r.path)
	}
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		err = files.OS{}.SyncDir(filepath.Dir(r.path))
	}
	if err != nil {
		return false, errors.Join(err, r.Seek(last))
	}
	return true, nil
}

// hasMore tells whether there is a line after the position. What was torn at the end is none.
func hasMore(path string, last reader.Position) (bool, error) {
	f, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer func() { _ = f.Close() }()
	line := make([]byte, last.Length)
	if _, err := f.ReadAt(line, last.Offset); err != nil && !errors.Is(err, io.EOF) {
		return false, err
	}
	if last.Length > 0 && reader.HashOf(line) != last.Hash {
		return false, reader.ErrGone
	}
	b := make([]byte, 64<<10)
	for at := last.End(); ; {
		n, err := f.ReadAt(b, at)
		if bytes.IndexByte(b[:n], '\n') >= 0 {
			return true, nil
		}
		if at += int64(n); errors.Is(err, io.EOF) {
			return false, nil
		} else if err != nil {
			return false, err
		}
	}
}
