// Package cursor keeps, durably, how far a delivery has got: the place up to which a
// journal was read, and what of it is not done.
//
// The file has two slots of the same size, which are written in turn, so that one of them
// is whole whenever the machine stops. All of it is allocated when it is made: on file systems that
// write in place, a full disk does not keep it from being written. A slot is
//
//	8 bytes   "webhook" and the version, 1
//	8 bytes   a number that grows by one each time
//	4 bytes   the length of the content
//	4 bytes   CRC-32C of the number, the length and the content
//	content   see Record, in encoding/binary's varints
//
// all of it little-endian.
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
)

const (
	magic  = "webhook\x01"
	header = 8 + 8 + 4 + 4

	// slotSize is enough for the largest record.
	slotSize = 1 << 20
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
	Stat() (fs.FileInfo, error)
	Sync() error
}

// Open opens a cursor and returns what it holds. The error is fs.ErrNotExist if there is
// none.
func Open(path string) (*Cursor, *Record, error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil, nil, err
	}
	c := &Cursor{file: f, path: path}
	r, err := c.load()
	if err != nil {
		_ = f.Close()
		return nil, nil, fmt.Errorf("%s: %w", path, err)
	}
	return c, r, nil
}

// Create makes a cursor that holds the record, durably. Nothing is there under that name
// until it is whole, and what is there is not replaced: then the error is fs.ErrExist.
func Create(path string, mode fs.FileMode, r *Record) (*Cursor, error) {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*.tmp")
	if err != nil {
		return nil, err
	}
	c := &Cursor{file: f, path: path}
	err = f.Chmod(mode)
	if err == nil {
		_, err = f.WriteAt(make([]byte, 2*slotSize), 0)
	}
	if err == nil {
		err = c.Save(r)
	}
	if err == nil {
		err = os.Link(f.Name(), path)
	}
	_ = os.Remove(f.Name())
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return c, nil
}

// load returns the record of the newest slot that is whole.
func (c *Cursor) load() (*Record, error) {
	var newest *Record
	for i := range int64(2) {
		number, content, err := c.slot(i)
		if err != nil {
			return nil, err
		}
		if content == nil || newest != nil && number < c.number {
			continue
		}
		r, err := decode(content)
		if err != nil {
			continue
		}
		newest, c.number = r, number
	}
	if newest == nil {
		return nil, ErrDamaged
	}
	return newest, nil
}

// slot returns what is in a slot, or nothing if it is not whole.
func (c *Cursor) slot(i int64) (number uint64, content []byte, err error) {
	b := make([]byte, slotSize)
	if n, err := c.file.ReadAt(b, i*slotSize); err != nil && !errors.Is(err, io.EOF) {
		return 0, nil, err
	} else if n < header || string(b[:8]) != magic {
		return 0, nil, nil
	}
	length := binary.LittleEndian.Uint32(b[16:])
	if length > slotSize-header || binary.LittleEndian.Uint32(b[20:]) != checksum(b[:header+length]) {
		return 0, nil, nil
	}
	return binary.LittleEndian.Uint64(b[8:]), b[header : header+length], nil
}

// checksum returns that of a slot.
func checksum(slot []byte) uint32 {
	return crc32.Update(crc32.Checksum(slot[8:20], castagnoli), castagnoli, slot[header:])
}

// Save writes the record, and returns once it is durable. After an error the slot that was
// written last still counts, and the next Save writes the same one as this.
func (c *Cursor) Save(r *Record) error {
	b := append(c.buffer[:0], make([]byte, header)...)
	b = r.append(b)
	c.buffer = b
	if len(b) > slotSize {
		return fmt.Errorf("%s: %d bytes are too many", c.path, len(b))
	}
	number := c.number + 1
	copy(b, magic)
	binary.LittleEndian.PutUint64(b[8:], number)
	binary.LittleEndian.PutUint32(b[16:], uint32(len(b)-header))
	binary.LittleEndian.PutUint32(b[20:], checksum(b))
	if _, err := c.file.WriteAt(b, int64(number%2)*slotSize); err != nil {
		return err
	}
	if err := c.file.Sync(); err != nil {
		return err
	}
	c.number = number
	return nil
}

// IsThere tells whether the cursor's name still leads to it.
func (c *Cursor) IsThere() bool {
	own, err := c.file.Stat()
	if err != nil {
		return false
	}
	now, err := os.Stat(c.path)
	return err == nil && os.SameFile(own, now)
}

// Close closes the file.
func (c *Cursor) Close() error { return c.file.Close() }
