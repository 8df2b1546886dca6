package frames

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// maxWindow is the largest zstd window, in bytes, that is decoded: what the
// zstd command takes without being asked for more.
const maxWindow = 128 << 20

var (
	gzipMagic = []byte{0x1f, 0x8b}
	zstdMagic = []byte{0x28, 0xb5, 0x2f, 0xfd}
)

// IsCompressed tells whether what a file begins with, of which 4 bytes are enough,
// says that it is compressed.
func IsCompressed(begin []byte) bool {
	return bytes.HasPrefix(begin, gzipMagic) || bytes.HasPrefix(begin, zstdMagic)
}

// NewReader returns what decompresses r from its beginning to its end, in frames or
// not, or nil if it is not compressed. The reader must be closed.
func NewReader(r *bufio.Reader) (io.ReadCloser, error) {
	magic, err := r.Peek(len(zstdMagic))
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	switch {
	case bytes.HasPrefix(magic, gzipMagic):
		d, err := gzip.NewReader(r)
		if err != nil {
			return nil, err
		}
		return d, nil
	case bytes.Equal(magic, zstdMagic):
		d, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, err
		}
		return d.IOReadCloser(), nil
	}
	return nil, nil
}

// Decoder decompresses frames by themselves, for several callers at a time.
type Decoder struct {
	zstd *zstd.Decoder
	gzip sync.Pool
}

// NewDecoder returns one for so many callers.
func NewDecoder(callers int) (*Decoder, error) {
	d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(callers), zstd.WithDecodeAllCapLimit(true), zstd.WithDecoderMaxWindow(maxWindow))
	if err != nil {
		return nil, err
	}
	return &Decoder{zstd: d, gzip: sync.Pool{New: func() any { return new(gzip.Reader) }}}, nil
}

// Close gives back what the decoder needed.
func (d *Decoder) Close() { d.zstd.Close() }

// Decode returns what is in a frame, in the memory of dst if there is enough. What
// is compressed must be whole frames, and as long as the index says once it is
// decompressed.
func (d *Decoder) Decode(dst, compressed []byte, f Frame) (plain []byte, err error) {
	if int64(cap(dst)) < f.Plain {
		dst = make([]byte, max(f.Plain, Size))
	}
	limited := dst[:0:f.Plain] // so that no more is written
	if bytes.HasPrefix(compressed, gzipMagic) {
		plain, err = d.gunzip(limited, compressed)
	} else {
		plain, err = d.zstd.DecodeAll(compressed, limited)
	}
	if err == nil && int64(len(plain)) != f.Plain {
		err = fmt.Errorf("%d bytes, where the index says %d", len(plain), f.Plain)
	}
	if err != nil {
		return dst[:0], err
	}
	return dst[:len(plain)], nil
}

func (d *Decoder) gunzip(dst, compressed []byte) ([]byte, error) {
	r, _ := d.gzip.Get().(*gzip.Reader)
	defer d.gzip.Put(r)
	if err := r.Reset(bytes.NewReader(compressed)); err != nil {
		return nil, err
	}
	n, err := io.ReadFull(r, dst[:cap(dst)])
	dst = dst[:n]
	if err != nil && !errors.Is(err, io.EOF) { // of nothing
		return dst, err
	}
	var more [1]byte // and the checksum
	if n, err := r.Read(more[:]); n > 0 || !errors.Is(err, io.EOF) {
		return dst, errors.Join(errors.New("more than the index says"), err)
	}
	return dst, nil
}
