package reader

import (
	"bufio"
	"errors"
	"io"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/files/frames"
)

// chunk is how much is read at a time, in bytes.
const chunk = 256 << 10

// fill reads more into the buffer.
func (f *tracked) fill() error {
	if f.frames != nil {
		return f.fillFrame()
	}
	if cap(f.buffer)-len(f.buffer) < chunk/4 {
		f.makeRoom(chunk)
	}
	room := f.buffer[len(f.buffer):cap(f.buffer)]
	var n int
	var err error
	if f.compressed {
		if f.decoder == nil {
			err = f.decode()
		}
		if err == nil {
			n, err = f.decoder.Read(room)
		}
		err = asDamage(err)
	} else {
		room = room[:min(int64(len(room)), max(0, f.limit-f.read))]
		if len(room) == 0 {
			return io.EOF
		}
		if time.Since(f.checked) > time.Second && !f.isUnchanged() {
			return ErrTruncated
		}
		n, err = f.file.ReadAt(room, f.read)
	}
	f.read += int64(n)
	f.buffer = f.buffer[:len(f.buffer)+n]
	if n > 0 {
		return nil
	}
	return err
}

// makeRoom has the buffer followed by that much memory.
func (f *tracked) makeRoom(n int) {
	if need := len(f.buffer) + n; need > len(f.memory) || len(f.memory) > 64*chunk && need < len(f.memory)/8 {
		f.memory = make([]byte, need)
	}
	f.buffer = f.memory[:copy(f.memory, f.buffer)]
}

// fillFrame decodes the next frame into the buffer.
func (f *tracked) fillFrame() error {
	if f.frame == len(f.frames) {
		return io.EOF
	}
	frame := f.frames[f.frame]
	f.makeRoom(int(frame.Plain))
	n := len(f.buffer)
	plain, err := f.decodeFrame(f.buffer[n:n+int(frame.Plain)], f.frame)
	if err != nil {
		return err
	}
	skip := f.read - f.frameAt // where reading begins in the middle of it
	f.buffer = f.buffer[:n+copy(f.buffer[n:cap(f.buffer)], plain[skip:])]
	f.frame++
	f.frameAt += frame.Plain
	f.read = f.frameAt
	return nil
}

// decodeFrame decodes a frame, in the memory of dst if there is enough.
func (f *tracked) decodeFrame(dst []byte, i int) ([]byte, error) {
	frame := f.frames[i]
	compressed := make([]byte, frame.Size)
	if _, err := f.file.ReadAt(compressed, frame.Offset); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	plain, err := f.shared.Decode(dst[:0], compressed, frame)
	return plain, asDamage(err)
}

// decode begins to decompress a file that is not in frames.
func (f *tracked) decode() (err error) {
	f.decoder, err = frames.NewReader(bufio.NewReaderSize(io.NewSectionReader(f.file, 0, f.info.Size()), 64<<10))
	return err
}

// pass goes on behind what is damaged: the next frame, or the end of the file.
func (f *tracked) pass() {
	f.buffer = f.buffer[:0]
	if f.frame < len(f.frames) {
		f.frameAt += f.frames[f.frame].Plain
		f.frame++
		f.offset, f.read = f.frameAt, f.frameAt
		return
	}
	f.complete = true
	f.limit = f.read
	f.compressed = false // nothing more of it is read
}
