// Package frames has compressed files that can be entered in the middle: some
// plain data at a time is compressed by itself, and where that is, is found
// without decompressing. Any tool decompresses such a file as a whole.
//
//   - zstd: frames, and a table of them at the end, in zstd's seekable format, 0.1.0.
//     https://github.com/facebook/zstd/blob/dev/contrib/seekable_format/zstd_seekable_compression_format.md
//   - gzip: members, each of which begins with its length in a subfield of the
//     extra field. https://www.rfc-editor.org/rfc/rfc1952#section-2.3.1.1
package frames

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// Size is how much plain data is in a frame at most, in bytes. Frames end with
// lines, where that is possible.
const Size = 1 << 20

// The parts of a table in zstd's seekable format.
const (
	skippableMagic = 0x184d2a5e
	seekableMagic  = 0x8f92eab1
	skippableBytes = 8 // magic, and the length of the rest
	entryBytes     = 8 // compressed and plain size
	checksumBytes  = 4 // of an entry, if there are checksums
	footerBytes    = 9 // number of entries, descriptor, magic
)

// A gzip member's header with only our subfield in the extra field.
const (
	fixedBytes    = 12 // up to, and with, the extra field's length
	subfieldBytes = 4 + 8
	headerBytes   = fixedBytes + subfieldBytes
	subfieldID    = "WF"
)

// WriteZstd compresses what r has.
func WriteZstd(w io.Writer, r io.Reader) error {
	encoder, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderCRC(true), zstd.WithZeroFrames(true))
	if err != nil {
		return err
	}
	defer func() { _ = encoder.Close() }()
	var compressed, entries []byte
	err = cut(r, func(plain []byte) error {
		compressed = encoder.EncodeAll(plain, compressed[:0])
		entries = binary.LittleEndian.AppendUint32(entries, uint32(len(compressed)))
		entries = binary.LittleEndian.AppendUint32(entries, uint32(len(plain)))
		_, err := w.Write(compressed)
		return err
	})
	if err != nil {
		return err
	}
	table := binary.LittleEndian.AppendUint32(nil, skippableMagic)
	table = binary.LittleEndian.AppendUint32(table, uint32(len(entries)+footerBytes))
	table = append(table, entries...)
	table = binary.LittleEndian.AppendUint32(table, uint32(len(entries)/entryBytes))
	table = append(table, 0) // no checksums here, as each frame has its own
	table = binary.LittleEndian.AppendUint32(table, seekableMagic)
	_, err = w.Write(table)
	return err
}

// WriteGzip compresses what r has.
func WriteGzip(w io.Writer, r io.Reader) error {
	var compressed bytes.Buffer
	encoder := gzip.NewWriter(&compressed)
	return cut(r, func(plain []byte) error {
		compressed.Reset()
		encoder.Reset(&compressed)
		encoder.Extra = append([]byte(subfieldID), 8, 0, 0, 0, 0, 0, 0, 0, 0, 0)
		_, err := encoder.Write(plain)
		if err = errors.Join(err, encoder.Close()); err != nil {
			return err
		}
		member := compressed.Bytes()
		lengths := member[headerBytes-8 : headerBytes]
		binary.LittleEndian.PutUint32(lengths, uint32(len(member)))
		binary.LittleEndian.PutUint32(lengths[4:], uint32(len(plain)))
		_, err = w.Write(member)
		return err
	})
}

// cut calls do for what is to be in one frame: there is at least one.
func cut(r io.Reader, do func(plain []byte) error) error {
	buffer := make([]byte, Size)
	length, done := 0, false
	for {
		n, err := io.ReadFull(r, buffer[length:])
		length += n
		last := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
		if err != nil && !last {
			return err
		}
		end := length
		if !last {
			if i := bytes.LastIndexByte(buffer, '\n'); i >= 0 {
				end = i + 1
			}
		}
		if end > 0 || !done {
			if err := do(buffer[:end]); err != nil {
				return err
			}
			done = true
		}
		if last {
			return nil
		}
		length = copy(buffer, buffer[end:length])
	}
}
