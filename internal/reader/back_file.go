package reader

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"time"
)

// sizeOf returns up to where a file has lines that have ended.
func (b *Back) sizeOf(f *tracked) (int64, error) {
	switch {
	case f.frames != nil:
		size := int64(0)
		for _, frame := range f.frames {
			size += frame.Plain
		}
		return size, nil
	case f.compressed:
		return b.decompress(f, 1<<62)
	}
	return EndOfLines(f.file, f.info.Size())
}

// windowBytes is how much of a file that has to be decompressed from its beginning is kept.
const windowBytes = 64 << 20

// restEvery is after how much work there is a chance to rest.
const restEvery = 10 * time.Millisecond

// decompress decompresses what is before end, or all, and keeps the end of it. It returns how
// much that was.
func (b *Back) decompress(f *tracked, end int64) (int64, error) {
	began := time.Now()
	defer func() { b.decompressing += time.Since(began) }()
	if f.decoder != nil {
		_ = f.decoder.Close()
	}
	if err := f.decode(); err != nil {
		return 0, asDamage(err)
	}
	b.window = b.window[:0]
	read, rested := int64(0), time.Now()
	part := make([]byte, chunk)
	for read < end {
		if worked := time.Since(rested); worked > restEvery {
			b.rest(worked)
			rested = time.Now()
		}
		if err := b.ctx.Err(); err != nil {
			return 0, err
		}
		n, err := f.decoder.Read(part[:min(int64(len(part)), end-read)])
		read += int64(n)
		if len(b.window)+n > windowBytes+windowBytes/4 {
			b.window = append(b.window[:0], b.window[len(b.window)-windowBytes:]...)
		}
		b.window = append(b.window, part[:n]...)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil { // what came before it is as good as it was
			b.Failed(fmt.Errorf("%s: after %d bytes: %w", f.file.Name(), read, err))
			break
		}
	}
	b.windowEnd = read
	return read, nil
}

// lines returns lines that end where those begin that were returned last; or nothing, where what is there
// is damaged, or has never ended.
func (b *Back) lines() Block {
	for want := int64(blockSize); b.end > 0; want *= 2 {
		data, begin, err := b.before(min(want, b.end))
		if err != nil {
			b.Failed(fmt.Errorf("%s: %w", b.file.file.Name(), err))
			// What comes next may be a line, or the end of one.
			rest := b.block(b.carry, b.end)
			b.carry = nil
			if b.end = 0; isDamage(err) && b.file.frames != nil {
				b.end = begin
			}
			return rest
		}
		data = append(data, b.carry...)
		b.buffer, b.carry, b.end = data[:0], nil, begin
		first := 0
		if begin > 0 {
			if first = bytes.IndexByte(data, '\n') + 1; first == 0 || first == len(data) {
				b.carry = bytes.Clone(data)
				continue
			}
			b.carry = bytes.Clone(data[:first])
		}
		return b.block(data[first:], begin+int64(first))
	}
	return Block{}
}

// block returns what of the data is lines that have ended.
func (b *Back) block(data []byte, offset int64) Block {
	return Block{Data: data[:bytes.LastIndexByte(data, '\n')+1], File: b.print, Rotated: b.file.rotated, Offset: offset}
}

// before returns about so much of what is before the end of what is to be read, and where that begins. With an error
// of a frame it is where that begins.
func (b *Back) before(want int64) (data []byte, begin int64, err error) {
	f := b.file
	begin = b.end - want
	switch {
	case f.frames != nil && want <= blockSize: // the frame that it ends in
		return b.framesFrom(b.end - 1)
	case f.frames != nil:
		return b.framesFrom(begin)
	case f.compressed:
		if first := b.windowEnd - int64(len(b.window)); b.end > b.windowEnd || begin < first && first > 0 {
			read, err := b.decompress(f, b.end)
			if err == nil && read < b.end {
				err = damage{errors.New("shorter than it was")}
			}
			if err != nil {
				return nil, 0, err
			}
		}
		first := b.windowEnd - int64(len(b.window))
		begin = max(begin, first)
		return append(b.buffer[:0], b.window[begin-first:b.end-first]...), begin, nil
	}
	if int64(cap(b.buffer)) < want {
		b.buffer = make([]byte, want, want+want/8)
	}
	data = b.buffer[:want]
	_, err = f.file.ReadAt(data, begin)
	return data, begin, err
}

// framesFrom returns what is before the end of what is to be read, from the beginning of the frame on in
// which an offset is; or only what is behind a damaged one, if there is that.
func (b *Back) framesFrom(offset int64) (data []byte, begin int64, err error) {
	data = b.buffer[:0]
	at := int64(0)
	begin = -1
	for i, frame := range b.file.frames {
		if at >= b.end {
			break
		}
		if at+frame.Plain > offset {
			if begin < 0 {
				begin = at
			}
			plain, err := b.file.decodeFrame(data[len(data):], i)
			switch {
			case err == nil:
				data = append(data, plain...)
			case at+frame.Plain >= b.end || !isDamage(err):
				return nil, at, err
			default: // it is told of when it comes next
				data, begin = data[:0], at+frame.Plain
			}
		}
		at += frame.Plain
	}
	if begin < 0 || at < b.end {
		return nil, 0, damage{errors.New("shorter than it was")}
	}
	return data[:b.end-begin], begin, nil
}

// at returns the line at a position, and has what is before it, where that has to be decompressed from its beginning.
func (b *Back) at(f *tracked, p Position) ([]byte, error) {
	if !f.compressed || f.frames != nil || p.Offset < 0 || p.Length <= 0 || p.Length > windowBytes {
		return f.at(p)
	}
	read, err := b.decompress(f, p.End())
	if err == nil && (read < p.End() || int64(len(b.window)) < p.Length) {
		err = io.EOF
	}
	if err != nil {
		return nil, err
	}
	return b.window[int64(len(b.window))-p.Length:], nil
}
