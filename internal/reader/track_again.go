package reader

import (
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/files"
)

// again is the file in which a line was read a second time last.
type again struct {
	file  *tracked
	print Fingerprint
}

// At returns the line at a position, with its line feed. The text is valid until the next
// call. The error is ErrGone if it is not there any more.
func (t *Track) At(p Position) ([]byte, error) {
	line, _, err := t.Find(p)
	return line, err
}

// Find is At, and returns the position with what the file is called by now.
func (t *Track) Find(p Position) (line []byte, now Position, err error) {
	if line, err = t.find(p); err != nil {
		return nil, p, err
	}
	now = p
	now.Rotated = t.again.file.rotated
	return line, now, nil
}

func (t *Track) find(p Position) ([]byte, error) {
	a := &t.again
	if a.file != nil && a.print == p.File {
		if line, err := a.file.at(p); err == nil && HashOf(line) == p.Hash {
			return line, nil
		}
	}
	a.close()
	for range 100 { // files may be renamed meanwhile
		now, err := t.list()
		if err != nil {
			return nil, err
		}
		var line []byte
		err = t.among(now, p, func(r files.Rotated) (bool, error) {
			f, err := t.openTracked(r)
			if errors.Is(err, fs.ErrNotExist) {
				return false, nil
			}
			if err != nil {
				return false, err
			}
			line, err = f.at(p)
			if err == nil && HashOf(line) == p.Hash {
				*a = again{f, p.File}
				return true, nil
			}
			f.close()
			if errors.Is(err, io.EOF) || isDamage(err) {
				err = nil
			}
			return false, err
		})
		if !errors.Is(err, ErrGone) {
			return line, err
		}
		if later, listErr := t.list(); listErr != nil || later == now || later.equal(now) {
			return nil, err
		}
	}
	return nil, fmt.Errorf("%s: the files change all the time", t.path)
}

func (a *again) close() {
	if a.file != nil {
		a.file.close()
	}
	*a = again{}
}
