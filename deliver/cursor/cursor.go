// Package cursor keeps, durably, how far a delivery has got: the place up to which a
// journal was read, and what of it is not done.
//
// The file has two slots of the same size, which are written in turn, so that one of them
// is whole whenever the machine stops. All of it is written when it is made: on file systems
// that write in place, a full disk does not keep it from being saved later. A slot is
//
//	7 bytes   "webhook"
//	1 byte    the version, 1
//	8 bytes   a number that grows by one each time
//	4 bytes   the length of the content
//	4 bytes   CRC-32C of all that, and of the content
//	content   see Record, in encoding/binary's varints
//
// all of it little-endian. The first slot of later versions is at the file's beginning, too, no larger,
// and has the same before its content, so that earlier releases can tell it from damage.
package cursor

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/files"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/lock"
)

const (
	magic   = "webhook"
	version = 1
	header  = 8 + 8 + 4 + 4

	// slotSize is enough for the largest record: plan.MaxUndone events, each in a file of its
	// own, with the largest numbers.
	slotSize = 3 << 19
)

// ErrDamaged is in the chain of the error that Open returns for a file of which no slot
// is whole.
var ErrDamaged = errors.New("the cursor is damaged")

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Cursor is an open file. Its methods are called by one goroutine at a time.
type Cursor struct {
	file   file
	path   string
	number uint64 // of the slot that was written last
	buffer []byte
}

// file is what is needed of an *os.File; tests replace it.
type file interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
	Name() string
	Stat() (fs.FileInfo, error)
	Sync() error
}

// Open opens a cursor and returns what it holds, which is durable by then. The error is
// fs.ErrNotExist if there is none.
func Open(path string) (*Cursor, *Record, error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil, nil, err
	}
	c := &Cursor{file: f, path: path}
	r, err := c.load()
	if err == nil {
		err = syncEntry(path)
	}
	if err != nil {
		_ = f.Close()
		return nil, nil, fmt.Errorf("%s: %w", path, err)
	}
	return c, r, nil
}

// syncEntry makes a file's name durable: whoever made it may have been killed before that.
func syncEntry(path string) error {
	own, err := files.Follow(files.OS{}, path)
	if err != nil {
		return err
	}
	return files.OS{}.SyncDir(filepath.Dir(own))
}

// load returns the record of the newest slot that is whole, and makes it durable.
func (c *Cursor) load() (*Record, error) {
	var newest *Record
	var slot []byte
	var failed error
	for i := range int64(2) {
		b, err := c.slot(i)
		if err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		if b == nil || newest != nil && numberOf(b) < c.number {
			continue
		}
		if b[len(magic)] != version {
			return nil, fmt.Errorf("is of a later release, as its version is %d and not %d: go on with that release", b[len(magic)], version)
		}
		r, err := decode(b[header:])
		if err != nil {
			continue
		}
		newest, slot, c.number = r, b, numberOf(b)
	}
	switch {
	case newest != nil:
		// What was read need not be on the disk, even after an fsync that succeeds, if one that failed
		// was somebody else's. Written again it is, and nothing is torn by writing the same.
		return newest, c.write(slot, c.number)
	case failed != nil:
		return nil, failed // perhaps it can be read later
	}
	return nil, ErrDamaged
}

// slot returns what is in a slot, or nothing if it is not whole.
func (c *Cursor) slot(i int64) ([]byte, error) {
	b := make([]byte, slotSize)
	if n, err := c.file.ReadAt(b, i*slotSize); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	} else if n < header || string(b[:len(magic)]) != magic {
		return nil, nil
	}
	length := binary.LittleEndian.Uint32(b[16:])
	if length > slotSize-header || binary.LittleEndian.Uint32(b[20:]) != checksum(b[:header+length]) {
		return nil, nil
	}
	return b[:header+length], nil
}

func numberOf(slot []byte) uint64 { return binary.LittleEndian.Uint64(slot[8:]) }

// checksum returns that of a slot.
func checksum(slot []byte) uint32 {
	return crc32.Update(crc32.Checksum(slot[:20], castagnoli), castagnoli, slot[header:])
}

// Save writes the record, and returns once it is durable. After an error the slot that was
// written last still counts, and the next Save writes the same one as this.
func (c *Cursor) Save(r *Record) error {
	b, err := c.encode(r, c.number+1)
	if err == nil {
		err = c.write(b, c.number+1)
	}
	if err == nil {
		c.number++
	}
	return err
}

// encode returns a slot, in memory that is used again.
func (c *Cursor) encode(r *Record, number uint64) ([]byte, error) {
	b := append(c.buffer[:0], make([]byte, header)...)
	b = r.append(b)
	c.buffer = b
	if len(b) > slotSize {
		return nil, fmt.Errorf("%s: %d bytes are too many", c.path, len(b))
	}
	copy(b, magic)
	b[len(magic)] = version
	binary.LittleEndian.PutUint64(b[8:], number)
	binary.LittleEndian.PutUint32(b[16:], uint32(len(b)-header))
	binary.LittleEndian.PutUint32(b[20:], checksum(b))
	return b, nil
}

// write writes a slot durably.
func (c *Cursor) write(slot []byte, number uint64) error {
	if _, err := c.file.WriteAt(slot, offsetOf(number)); err != nil {
		return err
	}
	return c.file.Sync()
}

// offsetOf returns where the slot of that number is.
func offsetOf(number uint64) int64 { return int64(number%2) * slotSize }

// IsThere tells whether the cursor's name still leads to it.
func (c *Cursor) IsThere() bool { return lock.IsThere(c.file) }

// Close closes the file.
func (c *Cursor) Close() error { return c.file.Close() }
