package reader

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/files"
)

// Position is where a line is in a journal. Without a length it is the end of a file of
// which all was read, and without a fingerprint the end of all that was rotated up to then.
type Position struct {
	File    Fingerprint
	Rotated time.Time // in the file's name, when it was read: a hint; NeverRotated for the live one
	Offset  int64     // of the line's first byte, decompressed
	Length  int64     // of the line, with its line feed
	Hash    uint64    // of the same; see HashOf
}

// End is the offset of what follows the line.
func (p *Position) End() int64 { return p.Offset + p.Length }

// MarshalText returns the position in base64url, 64 letters.
func (p Position) MarshalText() ([]byte, error) {
	b := make([]byte, 0, positionBytes)
	b = append(b, p.File[:]...)
	for _, n := range []uint64{uint64(p.Rotated.UnixMilli()), uint64(p.Offset), uint64(p.Length), p.Hash} {
		b = binary.BigEndian.AppendUint64(b, n)
	}
	return base64.RawURLEncoding.AppendEncode(nil, b), nil
}

// positionBytes is how many a position is of.
const positionBytes = 16 + 4*8

// UnmarshalText is the reverse of MarshalText.
func (p *Position) UnmarshalText(text []byte) error {
	b, err := base64.RawURLEncoding.Strict().AppendDecode(nil, text)
	if err != nil || len(b) != positionBytes {
		return errors.New("not a position in a journal")
	}
	numbers := b[copy(p.File[:], b):]
	next := func() (n uint64) {
		n, numbers = binary.BigEndian.Uint64(numbers), numbers[8:]
		return n
	}
	if p.Rotated = time.UnixMilli(int64(next())); p.Rotated.IsZero() {
		p.Rotated = time.Time{}
	}
	p.Offset, p.Length, p.Hash = int64(next()), int64(next()), next()
	return nil
}

// HashOf returns the hash of a line, with its line feed.
func HashOf(line []byte) uint64 {
	sum := sha256.Sum256(line)
	return binary.BigEndian.Uint64(sum[:])
}

// printBytes is how much of a file's first line its fingerprint is made of, at most.
const printBytes = 4 << 10

// Fingerprint tells files apart by what they begin with, however they are called and
// compressed. It is zero for a file without a line.
type Fingerprint [16]byte

// FingerprintOf returns that of a file.
func FingerprintOf(name string) (Fingerprint, error) {
	return NewTrack(name, nil).printOfFile(files.Rotated{At: NeverRotated, Forms: []string{name}})
}

// FingerprintIn returns that of a file that is not compressed.
func FingerprintIn(f *os.File) (Fingerprint, error) {
	begin := make([]byte, printBytes)
	n, err := f.ReadAt(begin, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return Fingerprint{}, err
	}
	return printOf(begin[:n]), nil
}

// printOf returns the fingerprint of a file that begins with that.
func printOf(begin []byte) (p Fingerprint) {
	if i := bytes.IndexByte(begin, '\n'); i >= 0 {
		begin = begin[:i+1]
	}
	sum := sha256.Sum256(begin[:min(len(begin), printBytes)])
	copy(p[:], sum[:])
	return p
}
