package cli

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
)

// place is how far a file has been read: that many bytes, decoded, which are
// known by their hash. Whatever the file is called by now, and however it is
// compressed, it still starts with them; and a file that starts with the same is
// as good, as it has the same lines.
type place struct {
	Length int64  `json:"length"`
	Hash   string `json:"sha256"`
}

// place returns how far l has been read, with the beginning of a line that has
// not ended. l.sum must have been set before the first byte.
func (l *lineReader) place() place {
	return place{l.offset, hex.EncodeToString(l.sum.Sum(nil))}
}

// startsWith tells whether p is a place in the file. Of l no more may have been
// read than that, and it is read up to there, or to the end.
func (l *lineReader) startsWith(p place) (bool, error) {
	if l.sum == nil {
		l.sum = sha256.New()
	}
	if p.Length == 0 {
		return true, nil
	}
	err := l.skip(p.Length)
	if errors.Is(err, io.EOF) {
		return false, nil
	}
	return err == nil && l.place() == p, err
}
