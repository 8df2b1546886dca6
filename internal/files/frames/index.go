package frames

import (
	"bytes"
	"encoding/binary"
	"io"
)

// What is relied on: more than this is read from the beginning to the end.
const (
	maxPlain = 64 << 20 // of a frame, plain or compressed, in bytes
	maxTable = 64 << 20
)

// Frame is where some of a file's data is.
type Frame struct {
	Offset, Size int64 // compressed
	Plain        int64 // its size after decompression
}

// Index returns where a file's frames are. They follow one another from its
// beginning to its end, except for the table. It returns nil for a file that is not
// in such frames, or says about them what can't be. What an index says is to be
// checked by Decode.
func Index(r io.ReaderAt, size int64) []Frame {
	var magic [4]byte
	if _, err := r.ReadAt(magic[:], 0); err != nil {
		return nil
	}
	switch {
	case bytes.Equal(magic[:], zstdMagic):
		return zstdIndex(r, size)
	case bytes.HasPrefix(magic[:], gzipMagic):
		return gzipIndex(r, size)
	}
	return nil
}

func zstdIndex(r io.ReaderAt, size int64) []Frame {
	var footer [footerBytes]byte
	if size < skippableBytes+footerBytes || !readAt(r, footer[:], size-footerBytes) {
		return nil
	}
	number := int64(binary.LittleEndian.Uint32(footer[:]))
	descriptor := footer[4]
	if binary.LittleEndian.Uint32(footer[5:]) != seekableMagic || descriptor&0x7c != 0 { // reserved bits
		return nil
	}
	perEntry := int64(entryBytes)
	if descriptor&0x80 != 0 {
		perEntry += checksumBytes
	}
	length := skippableBytes + number*perEntry + footerBytes
	if length > min(size, maxTable) {
		return nil
	}
	table := make([]byte, length)
	if !readAt(r, table, size-length) ||
		binary.LittleEndian.Uint32(table) != skippableMagic ||
		int64(binary.LittleEndian.Uint32(table[4:])) != length-skippableBytes {
		return nil
	}
	frames := make([]Frame, number)
	offset := int64(0)
	for i := range frames {
		entry := table[skippableBytes+int64(i)*perEntry:]
		frames[i] = Frame{offset, int64(binary.LittleEndian.Uint32(entry)), int64(binary.LittleEndian.Uint32(entry[4:]))}
		if frames[i].Size == 0 || max(frames[i].Size, frames[i].Plain) > maxPlain {
			return nil
		}
		offset += frames[i].Size
	}
	if offset != size-length {
		return nil
	}
	return frames
}

func gzipIndex(r io.ReaderAt, size int64) (frames []Frame) {
	for offset := int64(0); offset < size; {
		var header [headerBytes]byte
		if !readAt(r, header[:], offset) {
			return nil
		}
		const deflate, onlyExtra = 8, 4
		if !bytes.HasPrefix(header[:], gzipMagic) || header[2] != deflate || header[3] != onlyExtra ||
			binary.LittleEndian.Uint16(header[10:]) != subfieldBytes ||
			string(header[12:14]) != subfieldID || binary.LittleEndian.Uint16(header[14:]) != subfieldBytes-4 {
			return nil
		}
		f := Frame{offset, int64(binary.LittleEndian.Uint32(header[16:])), int64(binary.LittleEndian.Uint32(header[20:]))}
		if f.Size < headerBytes || max(f.Size, f.Plain) > maxPlain || f.Size > size-offset {
			return nil
		}
		frames = append(frames, f)
		offset += f.Size
	}
	return frames
}

func readAt(r io.ReaderAt, p []byte, offset int64) bool {
	n, _ := r.ReadAt(p, offset)
	return n == len(p)
}
