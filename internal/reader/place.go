package reader

import (
	"encoding/hex"
	"errors"
	"io"
)

// Place is how far a file has been read: that many bytes, decoded, which are
// known by their hash. Whatever the file is called by now, and however it is
// compressed, it still starts with them; and a file that starts with the same is
// as good, as it has the same lines.
type Place struct {
	Length int64  `json:"length"`
	Hash   string `json:"sha256"`
}

// Place returns how far l has been read, with the beginning of a line that has
// not ended. Hash must have been called before the first byte.
func (l *Lines) Place() Place {
	return Place{l.offset, hex.EncodeToString(l.sum.Sum(nil))}
}

// StartsWith tells whether p is a place in the file. Of l no more may have been
// read than that, and it is read up to there, or to the end.
func (l *Lines) StartsWith(p Place) (bool, error) {
	if l.sum == nil {
		l.Hash()
	}
	if p.Length == 0 {
		return true, nil
	}
	err := l.skip(p.Length)
	if errors.Is(err, io.EOF) {
		return false, nil
	}
	return err == nil && l.Place() == p, err
}
